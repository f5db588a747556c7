// Where the socket of a terminal is opened: at the terminal itself, or at the relay of this page's own origin. Pure.

import type { Attach } from './session/state.ts';
import type { Endpoint } from './socket.ts';

// As in common/terminals-api.ts, whose type is checked; its code would bring all of zod along.
const relayPath: typeof import('../common/terminals-api.ts').paths.relay = '/api/terminals/current/relay';

/** `origin` is this page's, `query` says in which pool the visitor's terminal is. */
export function endpointOf(
  { opened, way, patienceMs }: Attach,
  { origin, query }: { origin: string; query: Record<string, string> },
): Endpoint {
  if (way === 'direct') return { url: opened.url, path: '/socket.io', query: {}, patienceMs };
  return { url: origin, path: relayPath, query, patienceMs };
}
