// The visitors who wait for a terminal of a pool, at all managers, in the order of their first request. Each manager knows its own
// visitors from their requests, and the others from the stored queue. It writes the difference between the two, so a lost write
// only delays the update. Does no I/O and reads no clock.
//
// There are two clocks. `now` is the wall clock (milliseconds since 1970): it orders visitors and survives a restart. `at` is
// monotonic: it measures for how long an entry has not changed. As with a Lease, a manager uses the time at which it saw the
// last change, not the times that other managers write.
//
// A manager that starts also reads how old each entry is. It skips a visitor who was last seen too long ago, so that visitors of
// stopped managers do not block the queue. It deletes the entry only later: if a clock was wrong, another report arrives before that.

import { ownerOf } from '../../../common/claimant.ts';
import type { StoredPosition, StoredQueue } from '../observation.ts';
import { absentAfterMs, betweenRequestsMs, type Entry, isPresent, type Presence, planChange } from './entry.ts';

/** After an interruption, the time within which the other managers report the visitors who are back. */
const reportDelayMs = 3_000;

export type Changes = {
  positions: Map<string, StoredPosition | undefined>;
  /** Whether the stored queue must be as it was read: these entries expire because no report of them has arrived. */
  unchanged: boolean;
};

export class Queue {
  readonly #entries = new Map<string, Entry>();
  #order: Entry[] | undefined;
  #latest = 0;

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /** Records the stored queue at `now`. Undefined: it was deleted; its entries are written into the next one. */
  observe(stored: StoredQueue | undefined, now: number): void {
    if (!stored) {
      for (const { stored } of this.#entries.values()) if (stored) stored.lost = true;
      return;
    }
    const { positions } = stored;
    for (const [visitor, position] of positions) this.#observePosition(visitor, position, now);
    for (const entry of this.#entries.values()) {
      if (!entry.stored || entry.stored.lost || positions.has(entry.visitor)) continue;
      entry.stored = undefined;
      const { state } = entry.presence;
      if (state !== 'connected' && state !== 'disconnected') this.#remove(entry);
    }
  }

  /**
   * Visitors could not wait from `since` to `at`, and their requests were ended. Those who waited at `since` count as present for
   * `forMs` more, so that they can return.
   */
  resume({ since, at, forMs }: { since: number; at: number; forMs: number }): void {
    for (const entry of this.#entries.values()) {
      const { presence, stored } = entry;
      if (presence.state === 'connected' || !isPresent(entry, since)) continue;
      const isOwn = presence.state === 'disconnected';
      if (isOwn) entry.presence = { ...presence, at: at + forMs };
      if (!stored) continue;
      stored.age = 0;
      stored.changedAt = isOwn ? at : at + forMs + betweenRequestsMs + reportDelayMs - absentAfterMs;
    }
  }

  has(visitor: string): boolean {
    return this.since(visitor) !== undefined;
  }

  /** When the visitor first asked. Undefined for a visitor who is not waiting. */
  since(visitor: string): number | undefined {
    const entry = this.#entries.get(visitor);
    return entry && entry.presence.state !== 'served' ? entry.since : undefined;
  }

  /**
   * A request of the visitor begins to wait. `askedAt`: when the visitor first asked, if before `now`. Returns the function that
   * ends this wait at a time of the monotonic clock.
   */
  enter(
    visitor: string,
    now: number,
    { askedAt, address }: { askedAt?: number | undefined; address?: string | undefined } = {},
  ): (at: number) => void {
    const known = this.#entries.get(visitor);
    const isNew = known === undefined || known.presence.state === 'served';
    // Clocks differ between managers, and jump: a new visitor goes behind all known visitors.
    const since = askedAt ?? Math.max(now, this.#latest + 1);
    const entry = isNew
      ? this.#add({ visitor, since, address, stored: known?.stored, presence: { state: 'remote' } })
      : known;
    if (askedAt !== undefined) this.#advance(entry, askedAt);
    entry.presence = connect(entry);
    return (at) => {
      entry.presence = disconnect(entry.presence, at);
    };
  }

  /** The visitor cancels the wait. Ignored while another browser window of the visitor waits. */
  leave(visitor: string): void {
    const entry = this.#entries.get(visitor);
    const state = entry?.presence.state;
    if (entry && (state === 'disconnected' || state === 'remote')) entry.presence = { state: 'cancelled' };
  }

  /** The visitor has a terminal. */
  serve(visitor: string): void {
    const entry = this.#entries.get(visitor);
    if (entry) entry.presence = { state: 'served' };
  }

  /** The visitors who are present at `at`, in order: the first gets the next terminal. */
  visitors(at: number): string[] {
    this.#order ??= [...this.#entries.values()].sort(bySince);
    return this.#order.filter((entry) => isPresent(entry, at)).map(({ visitor }) => visitor);
  }

  /** When the visitors from `address` who are present first asked, without `visitor`. */
  fromAddress(address: string, visitor: string, at: number): number[] {
    return [...this.#entries.values()]
      .filter((entry) => entry.address === address && entry.visitor !== visitor && isPresent(entry, at))
      .map(({ since }) => since);
  }

  /** The claimants of one owner who are present. */
  ofOwner(owner: string, at: number): string[] {
    return [...this.#entries.values()]
      .filter((entry) => ownerOf(entry.visitor) === owner && isPresent(entry, at))
      .map(({ visitor }) => visitor);
  }

  /**
   * What to write now. Empty when the stored queue is up to date. Remembers which values are this manager's, so call it only to
   * write them, and not during a write.
   */
  changes(now: number, at: number): Changes {
    const positions: Changes['positions'] = new Map();
    const expired: Changes['positions'] = new Map();
    for (const entry of this.#entries.values()) {
      if (entry.stored) entry.stored.changedAt ??= at;
      const change = planChange(entry, now, at);
      if (change.action === 'forget') this.#remove(entry);
      else if (change.action === 'expire') expired.set(entry.visitor, undefined);
      else if (change.action === 'delete') positions.set(entry.visitor, undefined);
      else if (change.action === 'write') {
        positions.set(entry.visitor, change.position);
        if (entry.presence.state === 'connected') entry.presence = { ...entry.presence, ownSeen: change.position.seen };
      }
    }
    // A report may arrive meanwhile. Write expired entries separately, on condition that nothing has changed.
    return positions.size > 0 ? { positions, unchanged: false } : { positions: expired, unchanged: true };
  }

  #observePosition(visitor: string, position: StoredPosition, now: number): void {
    const known = this.#entries.get(visitor);
    if (!known) {
      const { since, address } = position;
      const stored = { position, lost: false, changedAt: undefined, age: ageOf(position, now) };
      this.#add({ visitor, since, address, stored, presence: { state: 'remote' } });
      return;
    }
    const { stored } = known;
    if (stored) stored.lost = false;
    if (stored?.position.since === position.since && stored.position.seen === position.seen) return;
    known.stored = { position, lost: false, changedAt: undefined, age: stored ? 0 : ageOf(position, now) };
    known.presence = follow(known.presence, position);
    this.#advance(known, position.since);
  }

  /** Keeps the earlier of two times of one visitor. */
  #advance(entry: Entry, since: number): void {
    if (since >= entry.since) return;
    entry.since = since;
    this.#order = undefined;
  }

  #add(entry: Entry): Entry {
    this.#entries.set(entry.visitor, entry);
    this.#latest = Math.max(this.#latest, entry.since);
    this.#order = undefined;
    return entry;
  }

  #remove({ visitor }: Entry): void {
    this.#entries.delete(visitor);
    this.#order = undefined;
  }
}

/** One more request of the visitor waits at this manager. */
function connect({ presence, stored }: Entry): Presence {
  if (presence.state === 'connected') return { ...presence, requests: presence.requests + 1 };
  const ownSeen = presence.state === 'disconnected' ? presence.ownSeen : undefined;
  const reported = ownSeen !== undefined && stored?.position.seen === ownSeen;
  return { state: 'connected', requests: 1, reported, ownSeen };
}

/** One request fewer waits at this manager. */
function disconnect(presence: Presence, at: number): Presence {
  if (presence.state !== 'connected') return presence;
  const { requests, ownSeen } = presence;
  return requests > 1 ? { ...presence, requests: requests - 1 } : { state: 'disconnected', at, ownSeen };
}

/** The stored queue now has `position` for the visitor. */
function follow(presence: Presence, { seen }: StoredPosition): Presence {
  if (presence.state === 'connected' && seen === presence.ownSeen) return { ...presence, reported: true };
  const isElsewhere = presence.state === 'disconnected' && seen !== presence.ownSeen;
  const isCancelStored = presence.state === 'cancelled' && seen === undefined;
  return isElsewhere || isCancelStored ? { state: 'remote' } : presence;
}

// A time in the future is as unreliable as one long ago: the clock that wrote it is wrong.
const ageOf = ({ seen, since }: StoredPosition, now: number): number => Math.abs(now - (seen ?? since));

// The visitor breaks a tie, so that every manager computes the same order.
const bySince = (a: Entry, b: Entry): number => a.since - b.since || (a.visitor < b.visitor ? -1 : 1);
