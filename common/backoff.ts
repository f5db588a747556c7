// How long to wait before the next attempt. Pure.

/** Milliseconds after the first, second, ... failed attempt. The first attempt itself is made at once. */
export const pausesMs = [250, 500, 1_000, 2_000, 4_000, 5_000] as const;

/** A pause after `failures` failures: of its length at least three quarters, the rest by chance (0 to 1). */
export function pauseMs(failures: number, chance: number): number {
  const length = pausesMs[Math.min(Math.max(failures, 1), pausesMs.length) - 1] ?? 5_000;
  return Math.round(length * (0.75 + 0.25 * chance));
}
