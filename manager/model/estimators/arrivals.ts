// Estimates how often visitors arrive, from the claims on pods. Every manager sees all claims, and a manager that starts sees the
// claims of the sessions that still run. Each claim loses weight with age, in two memories: the long one is precise, the short one
// reacts quickly to a rise. The higher estimate counts, so the spare rises fast and falls slowly. Constant cost per claim, no clock.

// The weight of an arrival falls to 1/e within this time. Sessions last about as long as the long memory, so a manager that starts
// still finds most of the arrivals. `npm run simulate` gave the short memory: half the value keeps half a pod more idle all day,
// twice the value makes nearly three times as many visitors of a class wait.
const longMs = 30 * 60_000;
const shortMs = 30_000;
// The estimate without data: half an arrival (Jeffreys' prior for a Poisson rate) per minute.
const prior = { arrivals: 0.5, ms: 60_000 };

/** A number of arrivals in a period. The rate has a gamma distribution with `arrivals` as shape and `ms` as inverse scale. */
export type ArrivalRate = { arrivals: number; ms: number };

export class Arrivals {
  readonly #long = new Memory(longMs);
  readonly #short = new Memory(shortMs);
  /** Times of claims that are not in the memories yet. `update` adds them, because it has the current time. */
  #news: number[] = [];

  /** A visitor arrived. `at` is in milliseconds since 1970, by the clock of the manager that wrote the claim. */
  add(at: number): void {
    this.#news.push(at);
  }

  /** Moves the added claims into the memories at `now`. Call it once for each evaluation. */
  update(now: number): void {
    for (const at of this.#news.splice(0)) {
      // Another manager's clock may be ahead: treat a future time as now.
      this.#long.add(Math.min(at, now));
      this.#short.add(Math.min(at, now));
    }
  }

  /** Estimates of the rate at `now`, for a pool that exists since `since`. */
  rates(now: number, since: number): ArrivalRate[] {
    const age = Math.max(0, now - since);
    const long = {
      arrivals: prior.arrivals + this.#long.weight(now),
      ms: prior.ms + this.#long.span(age),
    };
    // Start the short memory from the long-term rate. Otherwise two visitors would look like a crowd.
    const short = {
      arrivals: (long.arrivals / long.ms) * shortMs + this.#short.weight(now),
      ms: shortMs + this.#short.span(age),
    };
    return [long, short];
  }
}

/** A sum of ones that each decay as e^(-age / memory). */
class Memory {
  #sum = 0;
  #at = 0;
  readonly #ms: number;

  constructor(ms: number) {
    this.#ms = ms;
  }

  add(at: number): void {
    // Claims may arrive out of order, for instance after a list. Add an older one with its decayed weight.
    if (at > this.#at) {
      this.#sum = this.weight(at) + 1;
      this.#at = at;
    } else {
      this.#sum += Math.exp((at - this.#at) / this.#ms);
    }
  }

  weight(now: number): number {
    return this.#sum * Math.exp(Math.min(0, this.#at - now) / this.#ms);
  }

  /** The sum that a rate of one per millisecond reaches after `age` milliseconds. */
  span(age: number): number {
    return this.#ms * -Math.expm1(-age / this.#ms);
  }
}
