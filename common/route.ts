// How a socket reaches its terminal: directly at the pod's address, or relayed by the webserver if a network blocks that. Pure.

import type { Opened } from './terminals-api.ts';

export type Route = 'direct' | 'relay';

/** The direct route counts as blocked after this many failures in a row. */
export const blockedAfter = 2;

/** How to open a socket. `patienceMs`: the timeout until it is attached. */
export type Attempt = { route: Route; patienceMs: number };

// Three seconds in all. The first timeout is short: a node port that does not lead to its pod yet swallows a connection, and only a new
// connection gets through.
const directMs = [1_200, 1_800] as const;
const onlyRouteMs = 4_000;

/** The next attempt after `missed` failures of the direct route. */
export function attemptAt({ relay }: Pick<Opened, 'relay'>, missed: number): Attempt {
  if (relay === 'always') return { route: 'relay', patienceMs: onlyRouteMs };
  if (relay === 'never') return { route: 'direct', patienceMs: onlyRouteMs };
  const patienceMs = directMs[missed];
  return patienceMs === undefined ? { route: 'relay', patienceMs: onlyRouteMs } : { route: 'direct', patienceMs };
}

/**
 * The new value of `missed` after a failure of `route`, for a client that knows only its own attempts. After a failure of the relay, the
 * direct route gets one attempt, then the relay again.
 */
export const missedAfter = (missed: number, route: Route): number =>
  route === 'direct' ? missed + 1 : blockedAfter - 1;

/** Adapts `opened` to a page at `protocol`: https pages cannot open ws:, so they use the relay at once. */
export const forPage = (opened: Opened, protocol: string): Opened =>
  opened.relay === 'fallback' && protocol === 'https:' && opened.url.startsWith('http:')
    ? { ...opened, relay: 'always' }
    : opened;
