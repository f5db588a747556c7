// A path prefix of the page, such as `/shell`. A proxy may remove it from requests or pass it on; both are served.

import type { RequestHandler } from 'express';

/** Parses WARMTERM_BASE_PATH: the path without a final slash; undefined if invalid. Pure. */
export function parseBasePath(text: string): string | undefined {
  const path = text.replace(/\/+$/, '');
  if (!/^(\/[\w.~-]+)*$/.test(path)) return undefined;
  return path.split('/').some((name) => name === '.' || name === '..') ? undefined : path;
}

/**
 * Removes the prefix from the URL of a request. The page's URLs are relative, so the prefix without a final slash is redirected to the
 * page.
 */
export const underBasePath =
  (base: string): RequestHandler =>
  (request, response, next) => {
    const [path = '', query] = request.url.split(/(?=\?)/);
    if (base !== '' && path === base) {
      // Relative, because a proxy may have removed another prefix.
      return void response.redirect(308, `${base.slice(base.lastIndexOf('/') + 1)}/${query ?? ''}`);
    }
    if (path.startsWith(`${base}/`)) request.url = request.url.slice(base.length);
    next();
  };
