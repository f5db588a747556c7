// Limits how far the pty runs ahead of what the browser has parsed. Decides when to pause and resume, and knows no pty. Pure: times are passed
// in, in milliseconds.
//
// The window keeps the connection busy, but no larger: output in transit is old when it is seen, and the echo of a key, or the effect of Ctrl-C,
// waits behind it. So the window shrinks when bytes take longer than the connection itself.

export type Limits = {
  /** Bytes in transit at the beginning. */
  start: number;
  /** The minimum window; it must exceed what a browser leaves unacknowledged. */
  min: number;
  max: number;
  /** How much longer than on an idle connection bytes may take. */
  delayMs: number;
};

// The connection's speed is unknown at first. A ping waits behind bytes in transit: one second at 256 kbit/s, of the 2.5 seconds that its answer
// may take (`heartbeat` in common/socket.ts). A fast connection reaches the full window after a few round trips.
export const flowLimits: Limits = { start: 32_768, min: 16_384, max: 524_288, delayMs: 200 };

/** Counts sent and acknowledged bytes of one connection. */
export class FlowControl {
  readonly #limits: Limits;
  /** When bytes were sent, until acknowledged: `at` is the total including them. */
  readonly #marks: { bytes: number; at: number }[] = [];
  #sent = 0;
  #acknowledged = 0;
  #window: number;
  /** The total whose acknowledgement measures the present window. */
  #measuredAt: number;
  #quickestMs = Number.POSITIVE_INFINITY;
  #paused = false;

  constructor(limits: Limits = flowLimits) {
    this.#limits = limits;
    this.#window = limits.start;
    this.#measuredAt = limits.start;
  }

  get unacknowledged(): number {
    return this.#sent - this.#acknowledged;
  }

  get window(): number {
    return this.#window;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** `bytes` more were sent. Returns true if the pty must be paused now. */
  sent(bytes: number, now: number): boolean {
    this.#sent += bytes;
    this.#marks.push({ bytes: this.#sent, at: now });
    if (this.#paused || this.unacknowledged < this.#window) return false;
    this.#paused = true;
    return true;
  }

  /**
   * The browser has parsed `bytes` more. Returns true if the pty may be resumed now. Invalid numbers have no effect, and at max what was sent
   * counts, so no client gains credit for bytes to come.
   */
  acknowledged(bytes: unknown, now: number): boolean {
    if (typeof bytes !== 'number' || !(bytes > 0)) return false;
    this.#acknowledged = Math.min(this.#sent, this.#acknowledged + Math.floor(bytes));
    this.#adapt(now);
    if (!this.#paused || this.unacknowledged > this.#window / 2) return false;
    this.#paused = false;
    return true;
  }

  #adapt(now: number): void {
    let newest: number | undefined;
    while (this.#marks[0] && this.#marks[0].bytes <= this.#acknowledged) newest = this.#marks.shift()?.at;
    if (newest === undefined) return;
    const tookMs = Math.max(1, now - newest);
    this.#quickestMs = Math.min(this.#quickestMs, tookMs);
    if (this.#acknowledged < this.#measuredAt) return;
    const { min, max, delayMs } = this.#limits;
    const mayTakeMs = this.#quickestMs + delayMs;
    if (tookMs > mayTakeMs) this.#window = Math.max(min, Math.floor((this.#window * mayTakeMs) / tookMs));
    // Grow only if the window limited the pty, and twice as much would not take too long. Otherwise it would oscillate.
    else if (this.#paused && tookMs <= this.#quickestMs + delayMs / 3) this.#window = Math.min(max, this.#window * 2);
    this.#measuredAt = Math.max(this.#sent, this.#acknowledged + this.#window);
  }
}
