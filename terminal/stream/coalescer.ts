// Decides when output goes out: the echo of a key at once, a flood in batches. A fixed window would tax every echo; a
// bucket of tokens taxes only who has emptied it. Pure: the time is passed in, and whoever asks sets the timer.

export type CoalescerLimits = {
  /** Chunks that may go out at once after a pause. */
  burst: number;
  /** Milliseconds after which one more may. */
  refillMs: number;
  /** The longest that a batch waits. */
  windowMs: number;
  /** The size at which it waits no longer. */
  maxBytes: number;
};

export const coalescerLimits: CoalescerLimits = { burst: 4, refillMs: 1, windowMs: 4, maxBytes: 65_536 };

export class Coalescer {
  readonly #limits: CoalescerLimits;
  #tokens: number;
  #filledAt = Number.NEGATIVE_INFINITY;
  #batch: Buffer[] = [];
  #bytes = 0;
  #flushAt: number | undefined;

  constructor(limits: CoalescerLimits = coalescerLimits) {
    this.#limits = limits;
    this.#tokens = limits.burst;
  }

  /** When `flush` is due; undefined while nothing waits. */
  get flushAt(): number | undefined {
    return this.#flushAt;
  }

  /** What goes out now that `chunk` has come: it, it with what waited before it, or nothing yet. */
  push(chunk: Buffer, now: number): Buffer | undefined {
    if (this.#flushAt === undefined && this.#take(now)) return chunk;
    this.#batch.push(chunk);
    this.#bytes += chunk.length;
    this.#flushAt ??= now + this.#limits.windowMs;
    return this.#bytes >= this.#limits.maxBytes || now >= this.#flushAt ? this.flush() : undefined;
  }

  /** All that waits, in one piece. */
  flush(): Buffer | undefined {
    const [first] = this.#batch;
    if (!first) return undefined;
    const whole = this.#batch.length === 1 ? first : Buffer.concat(this.#batch, this.#bytes);
    this.#batch = [];
    this.#bytes = 0;
    this.#flushAt = undefined;
    return whole;
  }

  #take(now: number): boolean {
    const { burst, refillMs } = this.#limits;
    this.#tokens = Math.min(burst, this.#tokens + (now - this.#filledAt) / refillMs);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
