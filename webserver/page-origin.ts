// The page's scheme and host as the browser sees them, by the headers of trusted proxies.

import type { Request } from 'express';
import type { PageOrigin } from './address.ts';

export const pageOrigin = (request: Request): PageOrigin => ({
  protocol: request.protocol,
  hostname: request.hostname ?? '',
});
