// Where the socket of a terminal is opened: at the terminal itself, or at the relay of this page's own installation. Pure.

import type { Attach } from './session/state.ts';
import type { Endpoint } from './socket.ts';

// As in common/terminals-api.ts, whose type is checked; its code would bring all of zod along.
const relayPath: typeof import('../common/terminals-api.ts').paths.relay = '/api/terminals/current/relay';

/** `base` is the folder of this page (base.ts), `query` says in which pool the visitor's terminal is. */
export function endpointOf(
  { opened, route, patienceMs }: Attach,
  { base, query }: { base: URL; query: Record<string, string> },
): Endpoint {
  if (route === 'direct') return { url: opened.url, path: '/socket.io', query: {}, patienceMs };
  return { url: base.origin, path: base.pathname.slice(0, -1) + relayPath, query, patienceMs };
}
