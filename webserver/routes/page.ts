// Serves the built page and the command-line client. Files with hashed names are cached for ever, others are revalidated at every visit.
// During a rollout, another replica may have a file that this one lacks, so a 404 must not be cached.

import { type Request, type RequestHandler, Router } from 'express';
import { type Branding, brandPages } from '../branding.ts';
import { type PageFile, readCliFiles, readPageFiles } from '../page-files.ts';

const immutable = `public, max-age=${365 * 86_400}, immutable`;
// Its name is the same in all builds, and any version works. Revalidating it at every visit would delay the page.
const daily = `public, max-age=86400, stale-while-revalidate=${7 * 86_400}`;

export type PageOptions = {
  publicDir: string;
  cliDir: string;
  version: string;
  hostPage: boolean;
  branding: Branding;
};

/** `cliDir`: the folder of the built client, of the webserver's `version`. If it is missing, its paths answer 404. */
export function pageRoutes({ publicDir, cliDir, version, hostPage, branding }: PageOptions): Router {
  const files = new Map([...brandPages(readPageFiles(publicDir), branding), ...readCliFiles(cliDir, version)]);
  files.set('/', files.get('/index.html')!);
  files.set('/host', files.get('/host.html')!);
  if (!hostPage) for (const path of ['/host', '/host.html']) files.delete(path);
  const serve: RequestHandler = (request, response, next) => {
    const file = request.method === 'GET' || request.method === 'HEAD' ? files.get(request.path) : undefined;
    if (!file) {
      if (request.path.startsWith('/assets/')) response.set('cache-control', 'no-store');
      return next();
    }
    response.vary('accept-encoding').type(file.type);
    response.set({ etag: file.etag, 'cache-control': cachingOf(request.path) });
    if (request.fresh) return void response.status(304).end();
    // Files are small, so ranges are ignored, as RFC 9110, 14.2 allows.
    const encoding = encodingOf(request, file);
    const body = file.body[encoding] ?? file.body.identity;
    if (encoding !== 'identity') response.set('content-encoding', encoding);
    response.set('content-length', String(body.length));
    response.end(request.method === 'HEAD' ? undefined : body);
  };
  // A route of its own for the page, so that metrics tell it from its files.
  return Router().get('/', serve).use(serve);
}

function cachingOf(path: string): string {
  if (path.startsWith('/assets/')) return immutable;
  return path === '/reload.js' ? daily : 'private, no-cache';
}

const encodingOf = (request: Request, { body }: PageFile) =>
  (['br', 'gzip'] as const).find((encoding) => body[encoding] && request.acceptsEncodings(encoding) === encoding) ??
  'identity';
