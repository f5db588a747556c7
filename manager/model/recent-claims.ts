// The claims of the last minute, by address, from any manager. A claim counts even if its pod is gone. The cost does not grow with
// the number of addresses. Reads no clock.

export const minuteMs = 60_000;

export class RecentClaims {
  /** Times, oldest first. The address that claimed last comes last. */
  readonly #times = new Map<string, number[]>();

  /** Adds a claim. `at` is in milliseconds since 1970, by the clock of the manager that wrote it. */
  add(address: string, at: number): void {
    const times = this.#times.get(address) ?? [];
    // Claims arrive almost in order, so search from the end.
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

  /** Times of the claims by `address` in the minute before `now`, oldest first. Valid until the next call. */
  of(address: string, now: number): readonly number[] {
    const times = this.#times.get(address);
    if (!times) return [];
    // Another manager's clock may be ahead: treat a future time as now.
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
