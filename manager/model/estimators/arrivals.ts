// How often visitors come, measured by the claims that pods carry: every manager sees them all, whoever wrote them, and a
// manager that starts sees those whose sessions still last. Each claim weighs less as it gets older, by two memories: the
// long one knows the rate well, the short one learns soon that it has risen. Whichever asks for more is believed, so that
// the spare goes up fast and comes down slowly. Constant cost per claim; knows no clock.

// An arrival of that long ago weighs 1/e. Sessions last about as long as the long memory, so that a manager that starts
// finds most of what it would remember. The short one was chosen by `npm run simulate`: half of it leaves half a pod more
// idle all day, twice of it lets nearly three times as many of a class wait.
const longMs = 30 * 60_000;
const shortMs = 30_000;
// Before anything is known: half an arrival (Jeffreys' prior for a Poisson rate) in a minute.
const prior = { arrivals: 0.5, ms: 60_000 };

/** So many arrivals in so much time: what the rate may be is gamma distributed with this shape, and this inverse scale. */
export type ArrivalRate = { arrivals: number; ms: number };

export class Arrivals {
  readonly #long = new Memory(longMs);
  readonly #short = new Memory(shortMs);
  /** Times of claims that are not yet in the memories: these move on only when it is known what time it is. */
  #news: number[] = [];

  /** Somebody came, at a time in milliseconds since 1970 by the clock of the manager that wrote the claim. */
  add(at: number): void {
    this.#news.push(at);
  }

  /** Takes the claims that were added into the memories, at `now`. Call it once for each evaluation. */
  update(now: number): void {
    for (const at of this.#news.splice(0)) {
      // Another manager's clock may be ahead; what comes from the future came now.
      this.#long.add(Math.min(at, now));
      this.#short.add(Math.min(at, now));
    }
  }

  /** Estimates of the rate at `now`, for a pool that has been there since `since`. */
  rates(now: number, since: number): ArrivalRate[] {
    const age = Math.max(0, now - since);
    const long = {
      arrivals: prior.arrivals + this.#long.weight(now),
      ms: prior.ms + this.#long.span(age),
    };
    // The short memory alone would take any two visitors for a crowd: it begins from what the long one says of its time.
    const short = {
      arrivals: (long.arrivals / long.ms) * shortMs + this.#short.weight(now),
      ms: shortMs + this.#short.span(age),
    };
    return [long, short];
  }
}

/** A sum of ones, each decaying as e^(-age / memory). */
class Memory {
  #sum = 0;
  #at = 0;
  readonly #ms: number;

  constructor(ms: number) {
    this.#ms = ms;
  }

  add(at: number): void {
    // Out of order, as after a list, is as good: what is late comes in with what is left of it.
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

  /** What a rate of one per millisecond would have come to in `age` milliseconds. */
  span(age: number): number {
    return this.#ms * -Math.expm1(-age / this.#ms);
  }
}
