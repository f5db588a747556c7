// Back-off: how long to wait before the next attempt. Pure.

/** Milliseconds after the first, second, ... failed attempt of a client. The first attempt itself is made at once. */
export const pausesMs = [250, 500, 1_000, 2_000, 4_000, 5_000] as const;

/** The pause of a client after `failures` failures, less up to a quarter. `random`: 0 to 1. */
export function pauseMs(failures: number, random: number): number {
  const length = pausesMs[Math.min(Math.max(failures, 1), pausesMs.length) - 1] ?? 5_000;
  return Math.round(length * (0.75 + 0.25 * random));
}

/** A pause that doubles with each failure: `firstMs` after the first, `maxMs` at most. */
export const doublingPauseMs = (failures: number, { firstMs, maxMs }: { firstMs: number; maxMs: number }): number =>
  Math.min(maxMs, firstMs * 2 ** (failures - 1));
