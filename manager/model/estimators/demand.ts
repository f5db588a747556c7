// How many replicas a pool has lately needed: it shrinks to no fewer. Kept in memory only, by every manager, so that a new leader
// knows it too. A manager that has just started keeps the replicas that it finds: an administrator may have asked for them.

export type DemandSample = {
  replicas: number;
  /** What the pool needs at this moment. */
  needed: number;
  /** When a visitor last came. */
  lastClaimAt: number;
};

export class Demand {
  /** What was needed, and when for the last time: each less than the one before. */
  readonly #needs: { at: number; needed: number }[] = [];
  /** Undefined before the first look. */
  #replicas: number | undefined;
  /** An administrator's `kubectl scale` to more than is needed; or, if `found`, the replicas that the first look found. */
  #floor: { replicas: number; at: number; since: number; found: boolean } | undefined;

  /** Takes in the pool at `now`, milliseconds since 1970; `delay` is its scale-down delay. Call it once for each evaluation. */
  update({ replicas, needed, lastClaimAt }: DemandSample, now: number, delay: number): void {
    this.#forgetOld(now, delay);
    while ((this.#needs.at(-1)?.needed ?? Number.POSITIVE_INFINITY) <= needed) this.#needs.pop();
    this.#needs.push({ at: now, needed });
    if (replicas > (this.#replicas ?? 0) && replicas > needed) {
      this.#floor = { replicas, at: now, since: now, found: this.#replicas === undefined };
    }
    if (this.#floor && replicas < this.#floor.replicas) this.#floor.replicas = replicas;
    // Whoever scaled up ahead of a class wants the terminals for as long as people go on coming.
    if (this.#floor && lastClaimAt > this.#floor.at) this.#floor.at = lastClaimAt;
    this.#replicas = replicas;
  }

  /** The replicas below which a pool with this `delay` does not go now. */
  floor(now: number, delay: number): number {
    return Math.max(this.#neededSince(now - delay), this.#floorSince(now - delay)?.replicas ?? 0);
  }

  /**
   * What an administrator has asked for beyond what was needed within the `delay`, and since when that is known; undefined when there is
   * nothing. Replicas that a manager finds at its start are not known to be asked for.
   */
  wish(now: number, delay: number): { replicas: number; since: number } | undefined {
    const replicas = this.floor(now, delay);
    const floor = this.#floorSince(now - delay);
    const isWish = floor?.replicas === replicas && !floor.found && replicas > this.#neededSince(now - delay);
    return isWish ? { replicas, since: floor.since } : undefined;
  }

  /** The most replicas that were needed after `time`. The last need holds until the next. */
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
