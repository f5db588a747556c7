// How many replicas a pool needed recently. It does not shrink below that. Every manager keeps this in memory, so a new leader has
// it too. A manager that starts keeps the current replica count: an administrator may have requested it.

export type DemandSample = {
  replicas: number;
  /** The replicas that the pool needs now. */
  needed: number;
  /** When the last visitor claimed a terminal. */
  lastClaimAt: number;
};

export class Demand {
  /** The needs with the last time of each, highest first. */
  readonly #needs: { at: number; needed: number }[] = [];
  /** Undefined before the first update. */
  #replicas: number | undefined;
  /** A `kubectl scale` above the need. `found`: the count that the first update found instead. */
  #floor: { replicas: number; at: number; since: number; found: boolean } | undefined;

  /** Updates the demand with the pool at `now`, milliseconds since 1970; `delay` is its scale-down delay. Call it once per evaluation. */
  update({ replicas, needed, lastClaimAt }: DemandSample, now: number, delay: number): void {
    this.#forgetOld(now, delay);
    while ((this.#needs.at(-1)?.needed ?? Number.POSITIVE_INFINITY) <= needed) this.#needs.pop();
    this.#needs.push({ at: now, needed });
    if (replicas > (this.#replicas ?? 0) && replicas > needed) {
      this.#floor = { replicas, at: now, since: now, found: this.#replicas === undefined };
    }
    if (this.#floor && replicas < this.#floor.replicas) this.#floor.replicas = replicas;
    // An administrator who scales up ahead of a class wants the terminals for as long as visitors arrive.
    if (this.#floor && lastClaimAt > this.#floor.at) this.#floor.at = lastClaimAt;
    this.#replicas = replicas;
  }

  /** The replicas below which a pool with this `delay` does not shrink now. */
  floor(now: number, delay: number): number {
    return Math.max(this.#neededSince(now - delay), this.#floorSince(now - delay)?.replicas ?? 0);
  }

  /**
   * The replicas that an administrator requested beyond the need within the `delay`, and since when. Undefined if there is no request.
   * The replicas that a manager finds at its start do not count as a request.
   */
  wish(now: number, delay: number): { replicas: number; since: number } | undefined {
    const replicas = this.floor(now, delay);
    const floor = this.#floorSince(now - delay);
    const isWish = floor?.replicas === replicas && !floor.found && replicas > this.#neededSince(now - delay);
    return isWish ? { replicas, since: floor.since } : undefined;
  }

  /** The highest number of replicas needed after `time`. The last need holds until the next. */
  #neededSince(time: number): number {
    return (this.#needs.find(({ at }) => at > time) ?? this.#needs.at(-1))?.needed ?? 0;
  }

  #floorSince(time: number) {
    return this.#floor && this.#floor.at > time ? this.#floor : undefined;
  }

  #forgetOld(now: number, delay: number): void {
    while (this.#needs.length > 1 && this.#needs[0]!.at <= now - delay) this.#needs.shift();
    this.#floor = this.#floorSince(now - delay);
  }
}
