// The built page: files with hashed names are kept for ever, the documents are checked at every visit.

import { type Request, type RequestHandler, Router } from 'express';
import { readPageFiles } from '../page-files.ts';

const immutable = `public, max-age=${365 * 86_400}, immutable`;

export function pageRoutes({ publicDir, hostPage }: { publicDir: string; hostPage: boolean }): Router {
  const files = readPageFiles(publicDir);
  files.set('/', files.get('/index.html')!);
  files.set('/host', files.get('/host.html')!);
  if (!hostPage) for (const path of ['/host', '/host.html']) files.delete(path);
  const serve: RequestHandler = (request, response, next) => {
    const file = request.method === 'GET' || request.method === 'HEAD' ? files.get(request.path) : undefined;
    if (!file) return next();
    response.vary('accept-encoding').type(file.extension);
    response.set({
      etag: file.etag,
      'cache-control': request.path.startsWith('/assets/') ? immutable : 'private, no-cache',
    });
    if (request.fresh) return void response.status(304).end();
    // Files are small, and go whole, as any server may decide (RFC 9110, 14.2).
    const encoding = encodingOf(request);
    if (encoding !== 'identity') response.set('content-encoding', encoding);
    response.set('content-length', String(file.body[encoding].length));
    response.end(request.method === 'HEAD' ? undefined : file.body[encoding]);
  };
  // The page is a route of its own, which metrics tell from its files.
  return Router().get('/', serve).use(serve);
}

const encodingOf = (request: Request) =>
  (['br', 'gzip'] as const).find((encoding) => request.acceptsEncodings(encoding) === encoding) ?? 'identity';
