// The built page, precompressed: hashed names for ever, the documents themselves checked at every visit.

import { type RequestHandler, Router } from 'express';
import sirv from 'sirv';
import type { Visitors } from '../identity/visitor.ts';

const immutable = `public, max-age=${365 * 86_400}, immutable`;

export function pageRoutes(options: { publicDir: string; visitors: Visitors; hostPage: boolean }): Router {
  const { publicDir, visitors, hostPage } = options;
  const files = sirv(publicDir, {
    etag: true,
    brotli: true,
    gzip: true,
    setHeaders: (response, path) => {
      response.setHeader('cache-control', path.startsWith('/assets/') ? immutable : 'private, no-cache');
    },
  });
  const greet: RequestHandler = (request, response, next) => {
    visitors.greet(request, response);
    next();
  };
  const router = Router().get('/', greet);
  return router.use((request, response, next) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    // Without a host token there is no host page, in whatever way its name is written.
    if (!isRead || (!hostPage && isHostPage(request.path))) return next();
    // Files are small, and go whole, as any server may decide (RFC 9110, 14.2): sirv fails over ranges that cannot be.
    delete request.headers.range;
    files(request, response, next);
  });
}

function isHostPage(path: string): boolean {
  try {
    return /^\/+host\b/.test(decodeURIComponent(path));
  } catch {
    return false;
  }
}
