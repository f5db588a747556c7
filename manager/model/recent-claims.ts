// The claims of the last minute, by address: those that pods tell of, whichever manager wrote them, also when the pod is
// gone meanwhile. Cost does not grow with how many there are; knows no clock.

export const minuteMs = 60_000;

export class RecentClaims {
  /** Times, oldest first. Of addresses, the one that was last heard of comes last. */
  readonly #times = new Map<string, number[]>();

  /** A claim, at a time in milliseconds since 1970 by the clock of the manager that wrote it. */
  add(address: string, at: number): void {
    const times = this.#times.get(address) ?? [];
    // News come almost in order.
    let index = times.length;
    while (index > 0 && times[index - 1]! > at) index--;
    times.splice(index, 0, at);
    dropUntil(times, at - minuteMs);
    this.#times.delete(address);
    this.#times.set(address, times);
    for (const [idle, past] of this.#times) {
      if (past.at(-1)! > at - minuteMs) break;
      this.#times.delete(idle);
    }
  }

  /** Times of the claims by `address` in the minute before `now`, oldest first; good until the next call. */
  of(address: string, now: number): readonly number[] {
    const times = this.#times.get(address);
    if (!times) return [];
    // Another manager's clock may be ahead; what comes from the future came now.
    for (let index = times.length - 1; index >= 0 && times[index]! > now; index--) times[index] = now;
    dropUntil(times, now - minuteMs);
    if (times.length === 0) this.#times.delete(address);
    return times;
  }
}

function dropUntil(times: number[], end: number): void {
  const fresh = times.findIndex((at) => at > end);
  times.splice(0, fresh === -1 ? times.length : fresh);
}
