// The longest that a session may last, as the manager tells it. Pure: times are passed in, in milliseconds of one clock.

import type { Deadline } from './countdown.ts';

const longestWarningMs = 300_000;

/** Knows nothing, and ends nothing, until the manager has told when. */
export class Lifetime {
  #endAt: number | undefined;
  #warningMs = longestWarningMs;

  /** It ends in `leftMs`. The page is warned for the last five minutes, or half of what was left when first told. */
  learn(leftMs: number, now: number): void {
    if (this.#endAt === undefined) this.#warningMs = Math.min(longestWarningMs, Math.max(0, leftMs) / 2);
    this.#endAt = now + leftMs;
  }

  deadline(): Deadline | undefined {
    if (this.#endAt === undefined) return undefined;
    return { reason: 'lifetime', warnAt: this.#endAt - this.#warningMs, endAt: this.#endAt };
  }
}
