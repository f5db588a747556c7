// The claims of the last minute, by address: those that pods tell of, whichever manager wrote them, also when the pod is
// gone meanwhile. Knows no clock.

export const minuteMs = 60_000;

export class RecentClaims {
  /** Times as they came to be known. Of addresses, that of the latest claim comes last. */
  readonly #times = new Map<string, number[]>();

  /** A claim, at a time in milliseconds since 1970 by the clock of the manager that wrote it. */
  add(address: string, at: number): void {
    const times = this.#times.get(address) ?? [];
    while (times.length > 0 && times[0]! <= at - minuteMs) times.shift();
    times.push(at);
    this.#times.delete(address);
    this.#times.set(address, times);
    for (const [idle, past] of this.#times) {
      if (past.at(-1)! > at - minuteMs) break;
      this.#times.delete(idle);
    }
  }

  /** Times of the claims by `address` in the minute before `now`, oldest first. */
  of(address: string, now: number): readonly number[] {
    const times = this.#times.get(address);
    if (!times) return [];
    // Another manager's clock may be ahead; what comes from the future came now.
    const fresh = times.map((at) => Math.min(at, now)).filter((at) => at > now - minuteMs);
    fresh.sort((a, b) => a - b);
    if (fresh.length > 0) this.#times.set(address, fresh);
    else this.#times.delete(address);
    return fresh;
  }
}
