// How long sessions last, as far as their ends have been seen: what a visitor who waits can expect. Sessions that still go
// on count too, by the time that they have gone on for; without that, the short ones among them would be all that is known.
// For exponentially distributed durations that is the maximum likelihood under censoring: time observed / ends observed
// (Lawless, Statistical Models and Methods for Lifetime Data, 4.1). Knows no clock.

// What was seen so long ago weighs 1/e.
const memoryMs = 60 * 60_000;
// Of fewer ends nothing can be said.
const leastEnds = 3;

export class Sessions {
  #ends = 0;
  #observedMs = 0;
  #inUse = 0;
  #at: number | undefined;

  /** A session has ended, whoever ended it. */
  ended(): void {
    this.#ends++;
  }

  /** To be called at every look: so many go on at `now`, milliseconds since 1970. */
  look(inUse: number, now: number): void {
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
}
