// Refuses requests that pages of other origins make a visitor's browser send (Fetch Metadata, RFC 6454). A terminal at another port of this
// host is another origin too. Such a page can neither add nor read the header with a visitor's id, and gets no terminal without it. But if
// visitors are known by address or by a proxy's sign-in, it could act as the visitor.
//
// The relay's WebSocket needs no such check: it requires a ticket, which other pages do not have.

import type { Request, RequestHandler } from 'express';
import { ServiceError } from '../common/errors.ts';
import type { RefusalLog } from './refusal-log.ts';

/** Lets through requests of our own page and of programs, which send neither header. */
export function requireSameOrigin(logRefusal: RefusalLog): RequestHandler {
  return (request, _response, next) => {
    const site = request.get('sec-fetch-site');
    const origin = request.get('origin');
    // Browsers send Sec-Fetch-Site to https and localhost only. Otherwise compare the origin.
    if (site === undefined ? isOwnOrigin(origin, request) : site === 'same-origin') return next();
    const sentence =
      site === undefined ? whyForeign(origin, request) : `This request comes from a page at ${quote(origin)}.`;
    logRefusal(sentence);
    throw new ServiceError('forbidden', sentence);
  };
}

/** Requires a JSON body: a page may send other types to another origin without a preflight. */
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

// X-Forwarded-Host and -Port are believed from any client: a page of another origin cannot add a header without our consent (CORS).
function hostsOf(request: Request): string[] {
  const hosts = [request.headers.host ?? '', ...listOf(request.get('x-forwarded-host'))];
  const ports = listOf(request.get('x-forwarded-port'));
  return hosts.flatMap((host) => [host, ...ports.map((port) => `${host.replace(/:\d+$/, '')}:${port}`)]);
}

const listOf = (header: string | undefined): string[] => (header ? header.split(',').map((word) => word.trim()) : []);

// Schemes and their default ports are not compared: TLS may end at a proxy that does not report it.
function withoutDefaultPort(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).host.replace(/:(80|443)$/, '') : undefined;
}

const whyForeign = (origin: string | undefined, { headers }: Request) =>
  `This request comes from a page at ${quote(origin)}, but asks for the host ${quote(headers.host)}. If a proxy is in front, it has to ` +
  'pass on the Host header with its port (nginx: proxy_set_header Host $http_host), or to send it as X-Forwarded-Host.';

const quote = (text = '') => JSON.stringify(text.slice(0, 100));
