// How long a terminal may lie untouched. Pure: every time is passed in, in milliseconds of one clock.

import type { Deadline } from './countdown.ts';

/** Counts from the last activity, once somebody has come: a warm pod that nobody has claimed never ages. */
export class IdleClock {
  #timeoutMs: number;
  readonly #warningMs: number;
  #lastActivity: number | undefined;

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

  /** The timeout that holds from now on, counted from the same last activity. */
  setTimeout(timeoutMs: number): void {
    this.#timeoutMs = timeoutMs;
  }

  /** When it ends and from when on the page is warned; undefined before anybody came. */
  deadline(): Deadline | undefined {
    if (this.#lastActivity === undefined) return undefined;
    const endAt = this.#lastActivity + this.#timeoutMs;
    return { reason: 'idle', warnAt: endAt - Math.min(this.#warningMs, this.#timeoutMs / 2), endAt };
  }
}
