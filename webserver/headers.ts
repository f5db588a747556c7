// The security headers of every answer.

import type { RequestHandler } from 'express';
import helmet from 'helmet';
import type { Addressing } from './address.ts';
import { contentSecurityPolicy } from './csp.ts';
import type { FrameAncestors } from './frame-ancestors.ts';
import { pageOrigin } from './page-origin.ts';

/** `frameAncestors`: who may show the terminal's page in a frame. Nobody may show the host page. */
export function securityHeaders(addressing: Addressing, frameAncestors: FrameAncestors): RequestHandler[] {
  const usual = helmet({
    // Written below: it depends on the host name that was asked for.
    contentSecurityPolicy: false,
    // It would force TLS upon every port of the host, also upon node ports that have none. Whoever ends TLS may add it.
    strictTransportSecurity: false,
    referrerPolicy: { policy: 'no-referrer' },
    // Written below.
    xFrameOptions: false,
  });
  const ours: RequestHandler = (request, response, next) => {
    const ancestors = /^\/(index\.html)?$/.test(request.path) ? frameAncestors : [];
    // The older header knows no list. Browsers that know frame-ancestors ignore it where both are there (CSP level 3).
    if (ancestors.length === 0) response.set('x-frame-options', 'DENY');
    response.set({
      'content-security-policy': contentSecurityPolicy(addressing, pageOrigin(request), ancestors),
      'permissions-policy':
        'clipboard-read=(self), clipboard-write=(self), camera=(), microphone=(), geolocation=(), payment=(), usb=()',
    });
    next();
  };
  return [usual, ours];
}
