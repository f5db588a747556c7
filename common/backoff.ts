// Back-off: how long to wait before the next attempt. Pure.

/** The first pause, and the limit up to which each failure doubles it. */
export type Backoff = { firstMs: number; maxMs: number };

const ofClients: Backoff = { firstMs: 250, maxMs: 5_000 };

/**
 * Milliseconds to wait after `failures` failures: the doubled pause, less up to a quarter by `random` (0 to 1), so that many
 * clients do not come back at the same moment. The first attempt itself is made at once.
 */
export function pauseMs(failures: number, random: number, { firstMs, maxMs }: Backoff = ofClients): number {
  const longest = Math.min(maxMs, firstMs * 2 ** (Math.max(failures, 1) - 1));
  return Math.round(longest * (0.75 + 0.25 * random));
}
