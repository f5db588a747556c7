// Estimates how long sessions last, so that a waiting visitor gets an expected wait. Running sessions count with the time that they
// have lasted so far; otherwise only the short sessions would count. For exponentially distributed durations this is the maximum
// likelihood estimate under censoring: time observed / ends observed (Lawless, Statistical Models and Methods for Lifetime Data, 4.1).
// Reads no clock.

/** In milliseconds from now. */
export type Range = { from: number; to: number };

// The weight of an observation falls to 1/e within this time.
const memoryMs = 60 * 60_000;
// Fewer ends give no estimate.
const leastEnds = 3;
// A quantile of the standard normal distribution: 5% lie below its negative, 5% above it.
const oneInTwenty = 1.645;

/** The estimates of session ends at one moment. */
export type SessionTimes = Pick<Sessions, 'meanMs' | 'endRange'>;

export class Sessions {
  #ends = 0;
  #observedMs = 0;
  #inUse = 0;
  #at: number | undefined;

  /** A session has ended, for any reason. */
  ended(): void {
    this.#ends++;
  }

  /** An independent copy. */
  times(): SessionTimes {
    const copy = new Sessions();
    copy.#ends = this.#ends;
    copy.#observedMs = this.#observedMs;
    return copy;
  }

  /** Adds the time of `inUse` running sessions up to `now`, milliseconds since 1970. Call it once for each evaluation. */
  update(inUse: number, now: number): void {
    const passed = this.#at === undefined ? 0 : Math.max(0, now - this.#at);
    const kept = Math.exp(-passed / memoryMs);
    this.#observedMs = (this.#observedMs + this.#inUse * passed) * kept;
    this.#ends *= kept;
    this.#inUse = inUse;
    this.#at = now;
  }

  /** The mean duration of a session in milliseconds. Undefined until enough ends were observed. */
  get meanMs(): number | undefined {
    // Allow for decay: three ends observed some time ago still count as three.
    return this.#ends > leastEnds - 0.5 ? this.#observedMs / this.#ends : undefined;
  }

  /**
   * When the `count`-th of `inUse` sessions will have ended, with 90% probability: milliseconds from now. The time is a sum of
   * exponential times, and their mean is an estimate from few ends. The ratio of the two has an F distribution.
   */
  endRange(count: number, inUse: number): Range | undefined {
    const { meanMs } = this;
    if (meanMs === undefined || inUse === 0) return undefined;
    const expectedMs = (count * meanMs) / inUse;
    const quantile = (normal: number) => expectedMs * quantileOfF(2 * count, 2 * this.#ends, normal);
    return { from: quantile(-oneInTwenty), to: quantile(oneInTwenty) };
  }
}

/** A quantile of the F distribution, from the quantile of the normal one (Paulson, Annals of Mathematical Statistics 13, 1942). */
function quantileOfF(numerator: number, denominator: number, normal: number): number {
  const [a, b] = [2 / (9 * numerator), 2 / (9 * denominator)];
  const spread = Math.sqrt((1 - b) ** 2 * a + (1 - a) ** 2 * b - a * b * normal ** 2);
  return Math.max(0, ((1 - b) * (1 - a) + normal * spread) / ((1 - b) ** 2 - b * normal ** 2)) ** 3;
}
