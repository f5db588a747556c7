// The name of a signed-in person, as an authenticating proxy writes it into a header.

import type { Request } from 'express';
import { ServiceError } from '../../common/errors.ts';

const maxLength = 1_024;

/**
 * What the header `name` says. Throws `unauthenticated` when the connection does not come from a trusted proxy, since anybody
 * else may write what they like into a header, or when the proxy names nobody.
 */
export function readPersonHeader(request: Request, name: string): string {
  if (!isTrusted(request)) {
    throw new ServiceError('unauthenticated', 'Open this page by its own address, where you can sign in.');
  }
  const [person, ...more] = request.headersDistinct[name.toLowerCase()] ?? [];
  if (person === undefined || person.trim() === '') {
    throw new ServiceError('unauthenticated', 'You are not signed in.');
  }
  // A proxy that adds its header to one that the client has sent does not say whom it means.
  if (more.length > 0) throw new ServiceError('invalid-request', `The header ${name} occurs more than once.`);
  if (person.length > maxLength) throw new ServiceError('invalid-request', `The header ${name} is too long.`);
  return person.trim();
}

/** Whether the other end of the connection itself is a trusted proxy: express's own reading of WARMTERM_TRUST_PROXY. */
function isTrusted(request: Request): boolean {
  const trust = request.app.get('trust proxy fn') as (address: string, hop: number) => boolean;
  return trust(request.socket.remoteAddress ?? '', 0);
}
