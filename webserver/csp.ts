// The Content-Security-Policy (CSP level 3): only our own files, no inline script or style, and sockets only to possible addresses of
// terminals. Pure.

import type { Addressing, PageOrigin } from './address.ts';
import { logoSource } from './branding.ts';
import type { FrameAncestors } from './frame-ancestors.ts';

/** The header's value for a page requested as `page`, which `ancestors` may show in a frame, with the logo at `logoUrl`. */
export function contentSecurityPolicy(
  addressing: Addressing,
  page: PageOrigin,
  ancestors: FrameAncestors,
  logoUrl?: string,
): string {
  return [
    `default-src 'none'`,
    `script-src 'self'`,
    `style-src 'self'`,
    `img-src 'self'${logoUrl === undefined ? '' : ` ${logoSource(logoUrl)}`}`,
    `manifest-src 'self'`,
    // 'self' includes the relay's WebSocket (CSP level 3).
    `connect-src 'self' ${socketSources(addressing, page)}`,
    `base-uri 'none'`,
    `form-action 'none'`,
    `frame-ancestors ${ancestors.length === 0 ? `'none'` : ancestors.join(' ')}`,
    `require-trusted-types-for 'script'`,
    `trusted-types 'none'`,
  ].join('; ');
}

/** The origins to which the page may open sockets. Terminals accept WebSockets only. */
export function socketSources(addressing: Addressing, page: PageOrigin): string {
  // Nodes may have any address, so only the scheme can be limited.
  if (addressing.mode === 'manager') return 'ws: wss:';
  if (addressing.mode === 'page') {
    const scheme = page.protocol === 'https' ? 'wss' : 'ws';
    // A host source cannot be an IPv6 address. A forged Host header must not inject a policy.
    return /^[a-z0-9.-]{1,253}$/i.test(page.hostname) ? `${scheme}://${page.hostname}:*` : `${scheme}:`;
  }
  return templateSource(addressing.template);
}

// A wildcard matches whole labels at the left only, so it replaces every label up to the last placeholder.
function templateSource(template: string): string {
  const [, secure, rest = ''] = /^http(s?):\/\/(.*)$/.exec(template) ?? [];
  const [, host = '', port] = /^(.*?)(?::([^:]+))?$/.exec(rest) ?? [];
  const labels = host.split('.');
  const fixed = labels.slice(labels.findLastIndex((label) => label.includes('{')) + 1);
  const source = fixed.length === labels.length ? host : ['*', ...fixed].join('.');
  const ports = port === undefined ? '' : `:${port.includes('{') ? '*' : port}`;
  return `ws${secure}://${source}${ports}`;
}
