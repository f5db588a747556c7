// Computes the idle deadline of a terminal. Pure: times are passed in, in milliseconds of one clock.

import type { Deadline } from './countdown.ts';

/** Counts from the last activity, once a browser has attached. An unclaimed pod never expires. */
export class IdleClock {
  #timeoutMs: number;
  readonly #warningMs: number;
  #lastActivity: number | undefined;
  #earliestEndAt = Number.NEGATIVE_INFINITY;

  constructor(options: { timeoutMs: number; warningMs: number }) {
    this.#timeoutMs = options.timeoutMs;
    this.#warningMs = options.warningMs;
  }

  get timeoutMs(): number {
    return this.#timeoutMs;
  }

  /** Activity at `now`: a browser attached or sent input. An earlier time than before has no effect. */
  touch(now: number): void {
    this.#lastActivity = Math.max(this.#lastActivity ?? now, now);
  }

  /**
   * Changes the timeout at `now`. It still counts from the last activity. A shortened timeout leaves each session the full warning before its
   * end.
   */
  setTimeout(timeoutMs: number, now: number): void {
    const isShorter = timeoutMs < this.#timeoutMs;
    this.#timeoutMs = timeoutMs;
    if (isShorter) this.#earliestEndAt = now + this.#warning;
  }

  /** When the session ends, and when its warning begins; undefined before the first browser. */
  deadline(): Deadline | undefined {
    if (this.#lastActivity === undefined) return undefined;
    const endAt = Math.max(this.#lastActivity + this.#timeoutMs, this.#earliestEndAt);
    return { reason: 'idle', warnAt: endAt - this.#warning, endAt };
  }

  get #warning(): number {
    return Math.min(this.#warningMs, this.#timeoutMs / 2);
  }
}
