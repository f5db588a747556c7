// Remembers used tickets until they expire. Pure: the time is passed in.

export class UsedTickets {
  readonly #expiries = new Map<string, number>();

  get size(): number {
    return this.#expiries.size;
  }

  /** Marks ticket `id` as used until `expiresAt`. False if it was used before. Seconds since 1970. */
  use(id: string, expiresAt: number, now: number): boolean {
    for (const [old, expiry] of this.#expiries) if (expiry <= now) this.#expiries.delete(old);
    if (this.#expiries.has(id)) return false;
    this.#expiries.set(id, expiresAt);
    return true;
  }
}
