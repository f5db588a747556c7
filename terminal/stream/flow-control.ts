// How far the pty may run ahead of what a browser has parsed. Knows no pty: it says when to pause and when to resume. Pure:
// times are passed in, in milliseconds.
//
// As far as keeps the line busy, and no farther: whatever waits in between is old when it is seen, and a key typed into a
// flood, or its Ctrl-C, is answered behind it. So the window shrinks when bytes take longer than the line itself does.

export type Limits = {
  /** Bytes on their way at the beginning. */
  start: number;
  /** What the window never falls below; it must be more than a browser leaves unacknowledged. */
  least: number;
  most: number;
  /** How much longer than on an idle line bytes may take. */
  delayMs: number;
};

// Nothing is known of a line at first. A ping waits behind what is on its way: a second on a line of 256 kbit/s, of the 2.5 seconds that
// an answer may take (`heartbeat` in common/socket.ts). A quick line has the whole window after a few round trips.
export const flowLimits: Limits = { start: 32_768, least: 16_384, most: 524_288, delayMs: 200 };

/** Counts bytes sent and acknowledged on one connection. */
export class FlowControl {
  readonly #limits: Limits;
  /** What was sent when, until it is acknowledged: `at` is the count of bytes with it. */
  readonly #marks: { bytes: number; at: number }[] = [];
  #sent = 0;
  #acknowledged = 0;
  #window: number;
  /** The count of bytes of which the acknowledgement tells how the present window does. */
  #judgedAt: number;
  #quickestMs = Number.POSITIVE_INFINITY;
  #paused = false;

  constructor(limits: Limits = flowLimits) {
    this.#limits = limits;
    this.#window = limits.start;
    this.#judgedAt = limits.start;
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

  /** `bytes` more are on their way. Returns true when the pty must be paused now. */
  sent(bytes: number, now: number): boolean {
    this.#sent += bytes;
    this.#marks.push({ bytes: this.#sent, at: now });
    if (this.#paused || this.unacknowledged < this.#window) return false;
    this.#paused = true;
    return true;
  }

  /**
   * The browser says that it has parsed `bytes` more. Returns true when the pty may be resumed now. Nonsense is no
   * progress, and more than was sent is all that was sent: no client can win an advance on what is still to come.
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
    if (this.#acknowledged < this.#judgedAt) return;
    const { least, most, delayMs } = this.#limits;
    const mayTakeMs = this.#quickestMs + delayMs;
    if (tookMs > mayTakeMs) this.#window = Math.max(least, Math.floor((this.#window * mayTakeMs) / tookMs));
    // It grows when it was the window that held the pty up, and twice as much would not take too long: else it would
    // grow and shrink by turns.
    else if (this.#paused && tookMs <= this.#quickestMs + delayMs / 3) this.#window = Math.min(most, this.#window * 2);
    this.#judgedAt = Math.max(this.#sent, this.#acknowledged + this.#window);
  }
}
