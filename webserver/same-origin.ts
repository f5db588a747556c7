// Refuses requests that another site's page makes this visitor's browser send (Fetch Metadata, RFC 6454).

import type { RequestHandler } from 'express';
import { ServiceError } from '../common/errors.ts';

/** Lets through what our own page sends, and programs that are no browsers: those send neither header. */
export const requireSameOrigin: RequestHandler = (request, _response, next) => {
  const site = request.get('sec-fetch-site');
  const origin = request.get('origin');
  // Browsers send Sec-Fetch-Site to https and localhost only; elsewhere the origin has to do. Schemes are not compared:
  // TLS may well end at a proxy that does not say so.
  const ours = site === undefined ? origin === undefined || hostOf(origin) === request.host : site === 'same-origin';
  if (!ours) throw new ServiceError('forbidden', 'This request comes from another site.');
  next();
};

/** A body must be JSON: other types can be sent across sites without asking. */
export const requireJson: RequestHandler = (request, _response, next) => {
  if (!request.is('application/json')) {
    throw new ServiceError('invalid-request', 'The body must be JSON, with content-type: application/json.');
  }
  next();
};

const hostOf = (origin: string) => (URL.canParse(origin) ? new URL(origin).host : undefined);
