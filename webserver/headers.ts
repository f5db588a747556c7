// The security headers of every answer.

import type { RequestHandler } from 'express';
import helmet from 'helmet';
import type { Addressing } from './address.ts';
import { contentSecurityPolicy } from './csp.ts';
import type { FrameAncestors } from './frame-ancestors.ts';
import { pageOrigin } from './page-origin.ts';

/** `ancestorsOf`: the sites that may show the page at a path in a frame. */
export function securityHeaders(
  addressing: Addressing,
  ancestorsOf: (path: string) => FrameAncestors,
  logoUrl?: string,
): RequestHandler[] {
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
    const ancestors = ancestorsOf(request.path);
    // The older header supports no list. Browsers that support frame-ancestors ignore it (CSP level 3).
    if (ancestors.length === 0) response.set('x-frame-options', 'DENY');
    response.set({
      'content-security-policy': contentSecurityPolicy(addressing, pageOrigin(request), ancestors, logoUrl),
      'permissions-policy':
        'clipboard-read=(self), clipboard-write=(self), camera=(), microphone=(), geolocation=(), payment=(), usb=()',
    });
    next();
  };
  return [usual, ours];
}
