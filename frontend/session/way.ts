// Which way a socket takes to its terminal: straight to the address of the pod, or through the webserver where a network
// blocks that. Pure.

import type { Opened } from '../../common/terminals-api.ts';

export type Way = 'direct' | 'relay';

/** So many misses in a row, and the direct way counts as blocked. */
export const blockedAfter = 2;

/** How much an attempt that led nowhere counts: one that was turned away may have met a terminal that is just moving. */
export const misses = { turnedAway: 1, unanswered: blockedAfter } as const;

/** The way to `opened` after `missed` misses of the direct one. */
export function wayTo({ relay }: Pick<Opened, 'relay'>, missed: number): Way {
  if (relay === 'always') return 'relay';
  return relay === 'fallback' && missed >= blockedAfter ? 'relay' : 'direct';
}

/** How long a socket may take to be attached: less where there is another way to try. Milliseconds. */
export const patienceMs = ({ relay }: Pick<Opened, 'relay'>, way: Way): number =>
  relay === 'fallback' && way === 'direct' ? 3_000 : 4_000;

/** What a page at `protocol` makes of `opened`: https pages may not open ws: at all, and need not try. */
export const forPage = (opened: Opened, protocol: string): Opened =>
  opened.relay === 'fallback' && protocol === 'https:' && opened.url.startsWith('http:')
    ? { ...opened, relay: 'always' }
    : opened;
