// The page in a frame of a site that may not show it. A browser shows an error of its own there, which explains nothing. So the
// webserver answers with a sentence, and a link that opens the page in a tab. Any site may show that, because there is nothing else
// on it to click. Where a browser does not say that it asks for a frame, it gets the page, and its policy refuses the frame.

import { createHash } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import { type FrameAncestors, mayFrame } from './frame-ancestors.ts';

const words = {
  en: {
    title: 'This page may not be shown inside another page',
    detail: 'The site around it is not one of those that may show it.',
    open: 'Open it in a new tab',
  },
  de: {
    title: 'Diese Seite darf nicht in einer anderen Seite gezeigt werden',
    detail: 'Die Website darum herum gehört nicht zu denen, die das dürfen.',
    open: 'In einem neuen Tab öffnen',
  },
};

const style =
  'body{box-sizing:border-box;display:grid;place-content:center;gap:8px;min-height:100vh;margin:0;padding:16px;text-align:center;' +
  'font:15px/1.45 system-ui,sans-serif;background:#14171c;color:#e8eaed}h1{margin:0;font-size:18px}p{margin:0}a{color:#f0a35e}' +
  '@media(prefers-color-scheme:light){body{background:#fbfaf8;color:#24282e}a{color:#a3470f}}';
const styleHash = createHash('sha256').update(style).digest('base64');
const policy = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors *`;

// Without an address the link leads to the page that was asked for. So nothing of the request is written into the answer.
const pages = Object.fromEntries(
  Object.entries(words).map(([language, { title, detail, open }]) => [
    language,
    `<!doctype html><html lang="${language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">` +
      `<title>${title}</title><style>${style}</style><main><h1>${title}</h1><p>${detail}</p>` +
      `<p><a href="" target="_blank" rel="noopener noreferrer">${open}</a></p></main></html>`,
  ]),
);

/** The pages of this server. Not routes, which would hide the routes of these pages from the metrics. */
const paths = new Set(['/', '/index.html', '/host', '/host.html']);

const framed = new Set(['iframe', 'frame', 'object', 'embed', 'fencedframe']);

/** `ancestorsOf`: the sites that may show the page at a path in a frame. */
export function refuseFrame(ancestorsOf: (path: string) => FrameAncestors): RequestHandler {
  return (request, response, next) => {
    if (request.method !== 'GET' || !paths.has(request.path)) return next();
    response.vary('sec-fetch-dest');
    if (!isRefused(request, ancestorsOf(request.path))) return next();
    const language = request.acceptsLanguages('en', 'de') || 'en';
    response.removeHeader('x-frame-options');
    response.set({ 'content-security-policy': policy, 'cache-control': 'no-store' });
    response.type('html').send(pages[language]);
  };
}

// Which page the frame is in, only the referrer says. A page may hide it: then the browser decides, by the policy.
function isRefused(request: Request, ancestors: FrameAncestors): boolean {
  if (!framed.has(request.get('sec-fetch-dest') ?? '')) return false;
  if (ancestors.length === 0) return true;
  const referrer = request.get('referer');
  if (referrer === undefined || !URL.canParse(referrer)) return false;
  if (request.get('sec-fetch-site') === 'same-origin') return !ancestors.includes("'self'");
  return !mayFrame(ancestors, new URL(referrer));
}
