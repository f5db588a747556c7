// A path prefix of the page, such as `/shell`. A proxy may take it off each request or pass it on; requests of both kinds are served.

import type { RequestHandler } from 'express';

/** What WARMTERM_BASE_PATH means: without a slash at the end; undefined when it is no path. Pure. */
export function parseBasePath(text: string): string | undefined {
  const path = text.replace(/\/+$/, '');
  if (!/^(\/[\w.~-]+)*$/.test(path)) return undefined;
  return path.split('/').some((name) => name === '.' || name === '..') ? undefined : path;
}

/**
 * Takes the prefix off the URL of a request. The page's URLs are relative, so the prefix itself, without a slash at the end, is
 * redirected to the page.
 */
export const underBasePath =
  (base: string): RequestHandler =>
  (request, response, next) => {
    const [path = '', query] = request.url.split(/(?=\?)/);
    if (base !== '' && path === base) {
      // Relative: a proxy may have taken another prefix off.
      return void response.redirect(308, `${base.slice(base.lastIndexOf('/') + 1)}/${query ?? ''}`);
    }
    if (path.startsWith(`${base}/`)) request.url = request.url.slice(base.length);
    next();
  };
