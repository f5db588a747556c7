// How many replicas a pool has lately needed: what it shrinks to is never less. Kept in memory only, by every manager, so
// that a new leader knows it too; one that has just started takes what it finds for somebody's wish.

export type Look = {
  replicas: number;
  /** What the pool needs at this moment. */
  needed: number;
  /** When a visitor last came. */
  lastClaimAt: number;
};

export class Demand {
  /** What was needed, and when for the last time: each less than the one before. */
  readonly #needs: { at: number; needed: number }[] = [];
  #replicas = 0;
  /** An administrator's `kubectl scale` to more than is needed. */
  #floor: { replicas: number; at: number; since: number } | undefined;

  /** Takes in how the pool is at `now`, milliseconds since 1970. */
  look({ replicas, needed, lastClaimAt }: Look, now: number): void {
    while ((this.#needs.at(-1)?.needed ?? Number.POSITIVE_INFINITY) <= needed) this.#needs.pop();
    this.#needs.push({ at: now, needed });
    if (replicas > this.#replicas && replicas > needed) this.#floor = { replicas, at: now, since: now };
    if (this.#floor && replicas < this.#floor.replicas) this.#floor.replicas = replicas;
    // Whoever scaled up ahead of a class wants the terminals for as long as people go on coming.
    if (this.#floor && lastClaimAt > this.#floor.at) this.#floor.at = lastClaimAt;
    this.#replicas = replicas;
  }

  /** The replicas below which a pool with this `delay` does not go now. */
  floor(now: number, delay: number): number {
    while (this.#needs.length > 1 && this.#needs[0]!.at <= now - delay) this.#needs.shift();
    if (this.#floor && this.#floor.at <= now - delay) this.#floor = undefined;
    return Math.max(this.#needs[0]?.needed ?? 0, this.#floor?.replicas ?? 0);
  }

  /** Somebody's wish for more than was needed within the `delay`, and since when it is known; undefined when there is none. */
  wish(now: number, delay: number): { replicas: number; since: number } | undefined {
    const replicas = this.floor(now, delay);
    const isWish = this.#floor?.replicas === replicas && replicas > (this.#needs[0]?.needed ?? 0);
    return isWish ? { replicas, since: this.#floor!.since } : undefined;
  }
}
