// How long a terminal may lie untouched. Pure: every time is passed in, in milliseconds of one clock.

import type { Deadline } from './countdown.ts';

/** Counts from the last activity, once somebody has come: a warm pod that nobody has claimed never ages. */
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

  /** Somebody attached or typed. Activity that is told late moves nothing back. */
  touch(now: number): void {
    this.#lastActivity = Math.max(this.#lastActivity ?? now, now);
  }

  /**
   * Sets the timeout at `now`. It counts from the same last activity. A shorter timeout than before ends no session without its whole
   * warning.
   */
  setTimeout(timeoutMs: number, now: number): void {
    const isShorter = timeoutMs < this.#timeoutMs;
    this.#timeoutMs = timeoutMs;
    if (isShorter) this.#earliestEndAt = now + this.#warning;
  }

  /** When it ends and from when on the page is warned; undefined before anybody came. */
  deadline(): Deadline | undefined {
    if (this.#lastActivity === undefined) return undefined;
    const endAt = Math.max(this.#lastActivity + this.#timeoutMs, this.#earliestEndAt);
    return { reason: 'idle', warnAt: endAt - this.#warning, endAt };
  }

  get #warning(): number {
    return Math.min(this.#warningMs, this.#timeoutMs / 2);
  }
}
