// Chooses the connection to close when there are too many. Pure: knows addresses and items, no sockets.

type Address<T> = { idle: Set<T>; busy: Set<T> };

/**
 * Holds up to `limit` items. One more evicts an item of the address that has the most: its oldest idle one, else its oldest. So a client
 * with many connections harms only itself. If all connections share one address, the newest stays: it had no time to send a request.
 */
export class ConnectionBudget<T> {
  readonly #limit: number;
  readonly #addresses = new Map<string, Address<T>>();
  /** Addresses by their number of items, to find the largest without a search. */
  readonly #bySize: Set<Address<T>>[] = [];
  readonly #addressOf = new Map<T, string>();
  #largest = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#addressOf.size;
  }

  /** Adds `item` as idle. Returns the item that was evicted, if any. */
  add(item: T, address: string): T | undefined {
    const victim = this.size >= this.#limit ? this.#victim() : undefined;
    if (victim !== undefined) this.remove(victim);
    const found = this.#addresses.get(address) ?? { idle: new Set<T>(), busy: new Set<T>() };
    this.#addresses.set(address, found);
    this.#addressOf.set(item, address);
    this.#resize(found, () => found.idle.add(item));
    return victim;
  }

  /** Whether the server is working for `item`. Idle: the server waits for the client. */
  setBusy(item: T, busy: boolean): void {
    const found = this.#find(item);
    if (!found) return;
    const [from, to] = busy ? [found.idle, found.busy] : [found.busy, found.idle];
    if (from.delete(item)) to.add(item);
  }

  remove(item: T): void {
    const found = this.#find(item);
    if (!found) return;
    this.#resize(found, () => found.idle.delete(item) || found.busy.delete(item));
    if (found.idle.size + found.busy.size === 0) this.#addresses.delete(this.#addressOf.get(item)!);
    this.#addressOf.delete(item);
  }

  #find(item: T): Address<T> | undefined {
    const address = this.#addressOf.get(item);
    return address === undefined ? undefined : this.#addresses.get(address);
  }

  #resize(address: Address<T>, change: () => void): void {
    const before = address.idle.size + address.busy.size;
    change();
    const after = address.idle.size + address.busy.size;
    this.#bySize[before]?.delete(address);
    const same = this.#bySize[after] ?? new Set();
    this.#bySize[after] = same;
    if (after > 0) same.add(address);
    if (after > this.#largest) this.#largest = after;
    // An address gains or loses one item at a time, so the next largest is one step below.
    while (this.#largest > 0 && !this.#bySize[this.#largest]?.size) this.#largest--;
  }

  #victim(): T | undefined {
    const [address] = this.#bySize[this.#largest] ?? [];
    const [oldest] = address?.idle.size ? address.idle : (address?.busy ?? []);
    return oldest;
  }
}
