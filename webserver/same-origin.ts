// Refuses requests that another origin's page makes this visitor's browser send (Fetch Metadata, RFC 6454). A terminal at
// another port of this host is another origin too. Such a page cannot add the header with a visitor's id, nor read it, and gets
// no terminal without. But where the visitor is known by address or by a proxy's sign-in, it could act as the visitor.
//
// The relay's WebSocket needs no such check: its ticket, which another page cannot have, says whose it is.

import type { Request, RequestHandler } from 'express';
import { ServiceError } from '../common/errors.ts';
import type { RefusalLog } from './refusal-log.ts';

/** Lets through what our own page sends, and programs that are no browsers: those send neither header. */
export function requireSameOrigin(logRefusal: RefusalLog): RequestHandler {
  return (request, _response, next) => {
    const site = request.get('sec-fetch-site');
    const origin = request.get('origin');
    // Browsers send Sec-Fetch-Site to https and localhost only; elsewhere the origin has to do.
    if (site === undefined ? isOwnOrigin(origin, request) : site === 'same-origin') return next();
    const sentence =
      site === undefined ? whyForeign(origin, request) : `This request comes from a page at ${quote(origin)}.`;
    logRefusal(sentence);
    throw new ServiceError('forbidden', sentence);
  };
}

/** A body must be JSON: other types can be sent across origins without asking. */
export const requireJson: RequestHandler = (request, _response, next) => {
  if (!request.is('application/json')) {
    throw new ServiceError('invalid-request', 'The body must be JSON, with content-type: application/json.');
  }
  next();
};

function isOwnOrigin(origin: string | undefined, request: Request): boolean {
  if (origin === undefined) return true;
  const own = withoutDefaultPort(origin);
  return own !== undefined && hostsOf(request).some((host) => withoutDefaultPort(`http://${host}`) === own);
}

// X-Forwarded-Host and -Port are believed from anybody here: a page of another origin cannot add a header without our consent (CORS).
function hostsOf(request: Request): string[] {
  const hosts = [request.headers.host ?? '', ...listOf(request.get('x-forwarded-host'))];
  const ports = listOf(request.get('x-forwarded-port'));
  return hosts.flatMap((host) => [host, ...ports.map((port) => `${host.replace(/:\d+$/, '')}:${port}`)]);
}

const listOf = (header: string | undefined): string[] => (header ? header.split(',').map((word) => word.trim()) : []);

// Schemes are not compared, nor their default ports: TLS may well end at a proxy that does not say so.
function withoutDefaultPort(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).host.replace(/:(80|443)$/, '') : undefined;
}

const whyForeign = (origin: string | undefined, { headers }: Request) =>
  `This request comes from a page at ${quote(origin)}, but asks for the host ${quote(headers.host)}. If a proxy is in front, it has to ` +
  'pass on the Host header with its port (nginx: proxy_set_header Host $http_host), or to send it as X-Forwarded-Host.';

const quote = (text = '') => JSON.stringify(text.slice(0, 100));
