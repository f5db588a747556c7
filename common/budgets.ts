// Rate limits by key, such as client addresses: token buckets, bounded in number. Pure but for its own memory.
// https://en.wikipedia.org/wiki/Token_bucket

export type Budget = {
  /** How many units a key may take at once. */
  burst: number;
  /** How many units it regains. */
  perSecond: number;
};

type Bucket = { left: number; at: number };

export class Budgets {
  readonly #budget: Budget;
  readonly #clock: () => number;
  readonly #maxKeys: number;
  readonly #buckets = new Map<string, Bucket>();
  /** Shared by every new key while there are too many. An attacker with many keys then limits other new keys only. */
  #overflow: Bucket;

  /** `clock`: milliseconds of a clock that never jumps. */
  constructor(budget: Budget, { clock, maxKeys = 10_000 }: { clock: () => number; maxKeys?: number }) {
    this.#budget = budget;
    this.#clock = clock;
    this.#maxKeys = maxKeys;
    this.#overflow = { left: budget.burst, at: clock() };
  }

  /** Takes one unit from the budget of `key`. False when nothing is left. */
  take(key: string): boolean {
    const bucket = this.#refill(this.#bucket(key));
    if (bucket.left < 1) return false;
    bucket.left--;
    return true;
  }

  /** Seconds until `key` can take one again, rounded up. */
  retryAfter(key: string): number {
    const { left } = this.#refill(this.#bucket(key));
    return Math.max(0, Math.ceil((1 - left) / this.#budget.perSecond));
  }

  #bucket(key: string): Bucket {
    const known = this.#buckets.get(key);
    if (known) return known;
    if (this.#buckets.size >= this.#maxKeys) this.#forgetFull();
    if (this.#buckets.size >= this.#maxKeys) return this.#overflow;
    const bucket = { left: this.#budget.burst, at: this.#clock() };
    this.#buckets.set(key, bucket);
    return bucket;
  }

  #refill(bucket: Bucket): Bucket {
    const { burst, perSecond } = this.#budget;
    const now = this.#clock();
    bucket.left = Math.min(burst, bucket.left + (Math.max(0, now - bucket.at) / 1_000) * perSecond);
    bucket.at = now;
    return bucket;
  }

  /** A full bucket equals one that does not exist. */
  #forgetFull(): void {
    for (const [key, bucket] of this.#buckets) {
      if (this.#refill(bucket).left >= this.#budget.burst) this.#buckets.delete(key);
    }
  }
}
