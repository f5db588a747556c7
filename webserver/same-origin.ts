// Refuses requests that another origin's page makes this visitor's browser send (Fetch Metadata, RFC 6454). A terminal at
// another port of this host is another origin too. Such a page cannot add the header with a visitor's id, nor read it, and gets
// no terminal without. But where the visitor is known by address or by a proxy's sign-in, it could act as the visitor.

import type { Request, RequestHandler } from 'express';
import { ServiceError } from '../common/errors.ts';

/** Lets through what our own page sends, and programs that are no browsers: those send neither header. */
export const requireSameOrigin: RequestHandler = (request, _response, next) => {
  const site = request.get('sec-fetch-site');
  // Browsers send Sec-Fetch-Site to https and localhost only; elsewhere the origin has to do.
  if (site === undefined ? !hasOwnOrigin(request) : site !== 'same-origin') throw foreign();
  next();
};

/** The same for a WebSocket's handshake: browsers send its origin always, and do not agree on its Sec-Fetch-Site. */
export const requireSameOriginSocket: RequestHandler = (request, _response, next) => {
  if (request.get('sec-fetch-site') !== 'same-origin' && !hasOwnOrigin(request)) throw foreign();
  next();
};

/** A body must be JSON: other types can be sent across origins without asking. */
export const requireJson: RequestHandler = (request, _response, next) => {
  if (!request.is('application/json')) {
    throw new ServiceError('invalid-request', 'The body must be JSON, with content-type: application/json.');
  }
  next();
};

// Schemes are not compared: TLS may well end at a proxy that does not say so.
function hasOwnOrigin(request: Request): boolean {
  const origin = request.get('origin');
  return origin === undefined || hostOf(origin) === request.host;
}

const foreign = () => new ServiceError('forbidden', 'This request comes from another origin.');

const hostOf = (origin: string) => (URL.canParse(origin) ? new URL(origin).host : undefined);
