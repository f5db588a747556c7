// Reads the name of a signed-in person from the header of an authenticating proxy.

import type { Request } from 'express';
import { ServiceError } from '../../common/errors.ts';

const maxLength = 1_024;

/**
 * The value of the header `name`. Throws `unauthenticated` if the connection does not come from a trusted proxy, because others can forge
 * the header, or if the proxy sends no name.
 */
export function readPersonHeader(request: Request, name: string): string {
  if (!isTrusted(request)) {
    throw new ServiceError('unauthenticated', 'Open this page by its own address, where you can sign in.');
  }
  const [person, ...more] = request.headersDistinct[name.toLowerCase()] ?? [];
  if (person === undefined || person.trim() === '') {
    throw new ServiceError('unauthenticated', 'You are not signed in.');
  }
  // If a proxy appends its header to the client's, the person is ambiguous.
  if (more.length > 0) throw new ServiceError('invalid-request', `The header ${name} occurs more than once.`);
  if (person.length > maxLength) throw new ServiceError('invalid-request', `The header ${name} is too long.`);
  return person.trim();
}

/** Whether the peer of the connection is a trusted proxy, by express's reading of WARMTERM_TRUST_PROXY. */
function isTrusted(request: Request): boolean {
  const trust = request.app.get('trust proxy fn') as (address: string, hop: number) => boolean;
  return trust(request.socket.remoteAddress ?? '', 0);
}
