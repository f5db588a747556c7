// How the page was asked for, in terms of what the trusted proxies tell.

import type { Request } from 'express';
import type { PageOrigin } from './address.ts';

export const pageOrigin = (request: Request): PageOrigin => ({
  protocol: request.protocol,
  hostname: request.hostname ?? '',
});
