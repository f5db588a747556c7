// The security headers of every answer.

import type { RequestHandler } from 'express';
import helmet from 'helmet';
import type { Addressing } from './address.ts';
import { contentSecurityPolicy } from './csp.ts';
import type { FrameAncestors } from './frame-ancestors.ts';
import { pageOrigin } from './page-origin.ts';

/** `frameAncestors`: the sites that may show the terminal's page in a frame. The host page allows none. */
export function securityHeaders(addressing: Addressing, frameAncestors: FrameAncestors): RequestHandler[] {
  const usual = helmet({
    // Set below, because it depends on the requested host name.
    contentSecurityPolicy: false,
    // It would force TLS on every port of the host, including node ports without TLS. A proxy with TLS may add it.
    strictTransportSecurity: false,
    referrerPolicy: { policy: 'no-referrer' },
    // Set below.
    xFrameOptions: false,
  });
  const ours: RequestHandler = (request, response, next) => {
    const ancestors = /^\/(index\.html)?$/.test(request.path) ? frameAncestors : [];
    // The older header supports no list. Browsers that support frame-ancestors ignore it (CSP level 3).
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
