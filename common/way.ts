// Which way a socket takes to its terminal: straight to the address of the pod, or through the webserver where a network
// blocks that. Pure.

import type { Opened } from './terminals-api.ts';

export type Way = 'direct' | 'relay';

/** So many misses in a row, and the direct way counts as blocked. */
export const blockedAfter = 2;

/** How a socket is to be opened. `patienceMs`: how long it may take until it is attached. */
export type Attempt = { way: Way; patienceMs: number };

// Three seconds in all. The first of them is short, because a node port that does not lead to its pod yet swallows a
// connection, and only another one gets over that.
const directMs = [1_200, 1_800] as const;
const onlyWayMs = 4_000;

/** The attempt to make after `missed` misses of the direct way. */
export function attemptAt({ relay }: Pick<Opened, 'relay'>, missed: number): Attempt {
  if (relay === 'always') return { way: 'relay', patienceMs: onlyWayMs };
  if (relay === 'never') return { way: 'direct', patienceMs: onlyWayMs };
  const patienceMs = directMs[missed];
  return patienceMs === undefined ? { way: 'relay', patienceMs: onlyWayMs } : { way: 'direct', patienceMs };
}

/**
 * What a miss of `way` makes of `missed`, for a client that knows nothing but its own attempts: after a miss of the relay the direct
 * way gets one attempt, and then the relay again.
 */
export const missedAfter = (missed: number, way: Way): number => (way === 'direct' ? missed + 1 : blockedAfter - 1);

/** What a page at `protocol` makes of `opened`: https pages may not open ws: at all, and need not try. */
export const forPage = (opened: Opened, protocol: string): Opened =>
  opened.relay === 'fallback' && protocol === 'https:' && opened.url.startsWith('http:')
    ? { ...opened, relay: 'always' }
    : opened;
