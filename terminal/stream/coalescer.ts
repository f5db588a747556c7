// Decides when to send output: the echo of a key at once, a flood in batches. A fixed window would delay every echo; a token bucket delays only
// floods. Pure: the time is passed in, and the caller sets the timer.

export type CoalescerLimits = {
  /** Chunks that may be sent at once after a pause. */
  burst: number;
  /** Milliseconds until one more may be sent. */
  refillMs: number;
  /** The maximum delay of a batch. */
  windowMs: number;
  /** The size at which a batch is sent at once. */
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

  /** When `flush` is due; undefined if nothing waits. */
  get flushAt(): number | undefined {
    return this.#flushAt;
  }

  /** Returns what to send after `chunk`: the chunk, with earlier ones if they waited, or nothing yet. */
  push(chunk: Buffer, now: number): Buffer | undefined {
    if (this.#flushAt === undefined && this.#take(now)) return chunk;
    this.#batch.push(chunk);
    this.#bytes += chunk.length;
    this.#flushAt ??= now + this.#limits.windowMs;
    return this.#bytes >= this.#limits.maxBytes || now >= this.#flushAt ? this.flush() : undefined;
  }

  /** Everything that waits, in one piece. */
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
