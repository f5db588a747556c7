// The deadline of the maximum lifetime, as the manager reports it. Pure: times are passed in, in milliseconds of one clock.

import type { Deadline } from './countdown.ts';

const longestWarningMs = 300_000;

/** Without a report from the manager there is no deadline. */
export class Lifetime {
  #endAt: number | undefined;
  #warningMs = longestWarningMs;

  /** It ends in `leftMs`. The warning covers the last five minutes, or half of what was left at the first report. */
  learn(leftMs: number, now: number): void {
    if (this.#endAt === undefined) this.#warningMs = Math.min(longestWarningMs, Math.max(0, leftMs) / 2);
    this.#endAt = now + leftMs;
  }

  deadline(): Deadline | undefined {
    if (this.#endAt === undefined) return undefined;
    return { reason: 'lifetime', warnAt: this.#endAt - this.#warningMs, endAt: this.#endAt };
  }
}
