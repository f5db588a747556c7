// How far the pty may run ahead of what a browser has parsed. Knows no pty: it says when to pause and when to resume.

export type Limits = { high: number; low: number };

/** Counts bytes sent and acknowledged on one connection. */
export class FlowControl {
  readonly #limits: Limits;
  #unacknowledged = 0;
  #paused = false;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get unacknowledged(): number {
    return this.#unacknowledged;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** `bytes` more are on their way. Returns true when the pty must be paused now. */
  sent(bytes: number): boolean {
    this.#unacknowledged += bytes;
    if (this.#paused || this.#unacknowledged < this.#limits.high) return false;
    this.#paused = true;
    return true;
  }

  /**
   * The browser says that it has parsed `bytes` more. Returns true when the pty may be resumed now. Nonsense is no
   * progress, and more than was sent is all that was sent: no client can win an advance on what is still to come.
   */
  acknowledged(bytes: unknown): boolean {
    if (typeof bytes !== 'number' || !(bytes > 0)) return false;
    this.#unacknowledged = Math.max(0, this.#unacknowledged - Math.floor(bytes));
    if (!this.#paused || this.#unacknowledged > this.#limits.low) return false;
    this.#paused = false;
    return true;
  }
}
