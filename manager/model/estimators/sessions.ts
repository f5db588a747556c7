// How long sessions last, as far as their ends have been seen: what a visitor who waits can expect. Sessions that still go
// on count too, by the time that they have gone on for; without that, the short ones among them would be all that is known.
// For exponentially distributed durations that is the maximum likelihood under censoring: time observed / ends observed
// (Lawless, Statistical Models and Methods for Lifetime Data, 4.1). Knows no clock.

/** Milliseconds from now. */
export type Range = { from: number; to: number };

// What was seen so long ago weighs 1/e.
const memoryMs = 60 * 60_000;
// Of fewer ends nothing can be said.
const leastEnds = 3;
// The standard normal distribution: one in twenty is below, one in twenty above.
const oneInTwenty = 1.645;

/** What is known about the ends of sessions at one moment. */
export type SessionTimes = Pick<Sessions, 'meanMs' | 'endRange'>;

export class Sessions {
  #ends = 0;
  #observedMs = 0;
  #inUse = 0;
  #at: number | undefined;

  /** A session has ended, whoever ended it. */
  ended(): void {
    this.#ends++;
  }

  /** A copy that does not change. */
  times(): SessionTimes {
    const copy = new Sessions();
    copy.#ends = this.#ends;
    copy.#observedMs = this.#observedMs;
    return copy;
  }

  /** Takes in that `inUse` sessions go on at `now`, milliseconds since 1970. Call it once for each evaluation. */
  update(inUse: number, now: number): void {
    const passed = this.#at === undefined ? 0 : Math.max(0, now - this.#at);
    const kept = Math.exp(-passed / memoryMs);
    this.#observedMs = (this.#observedMs + this.#inUse * passed) * kept;
    this.#ends *= kept;
    this.#inUse = inUse;
    this.#at = now;
  }

  /** How long a session lasts on average, in milliseconds; undefined while too few ends have been seen. */
  get meanMs(): number | undefined {
    // Half an end of tolerance: three that were seen a while ago are still three.
    return this.#ends > leastEnds - 0.5 ? this.#observedMs / this.#ends : undefined;
  }

  /**
   * When the `count`-th of `inUse` sessions has ended, in nine cases of ten: milliseconds from now. The time is a sum of
   * exponential ones, of a mean that is itself known by so many ends only: their ratio has an F distribution.
   */
  endRange(count: number, inUse: number): Range | undefined {
    const { meanMs } = this;
    if (meanMs === undefined || inUse === 0) return undefined;
    const expectedMs = (count * meanMs) / inUse;
    const quantile = (normal: number) => expectedMs * quantileOfF(2 * count, 2 * this.#ends, normal);
    return { from: quantile(-oneInTwenty), to: quantile(oneInTwenty) };
  }
}

/** Of an F distribution, by the quantile of the normal one (Paulson, Annals of Mathematical Statistics 13, 1942). */
function quantileOfF(numerator: number, denominator: number, normal: number): number {
  const [a, b] = [2 / (9 * numerator), 2 / (9 * denominator)];
  const spread = Math.sqrt((1 - b) ** 2 * a + (1 - a) ** 2 * b - a * b * normal ** 2);
  return Math.max(0, ((1 - b) * (1 - a) + normal * spread) / ((1 - b) ** 2 - b * normal ** 2)) ** 3;
}
