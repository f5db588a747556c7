// The security headers of every answer.

import type { RequestHandler } from 'express';
import helmet from 'helmet';
import type { Addressing } from './address.ts';
import { contentSecurityPolicy } from './csp.ts';
import { pageOrigin } from './page-origin.ts';

export function securityHeaders(addressing: Addressing): RequestHandler[] {
  const usual = helmet({
    // Written below: it depends on the host name that was asked for.
    contentSecurityPolicy: false,
    // It would force TLS upon every port of the host, also upon node ports that have none. Whoever ends TLS may add it.
    strictTransportSecurity: false,
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
  });
  const ours: RequestHandler = (request, response, next) => {
    response.set({
      'content-security-policy': contentSecurityPolicy(addressing, pageOrigin(request)),
      'permissions-policy':
        'clipboard-read=(self), clipboard-write=(self), camera=(), microphone=(), geolocation=(), payment=(), usb=()',
    });
    next();
  };
  return [usual, ours];
}
