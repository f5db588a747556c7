// Who waits for a terminal of a pool, over all managers, in the order of first asking. Each manager knows of its own
// visitors first hand, and of the others' by what they write; what it has to write itself is the difference between the
// two, so that a write that got lost is only late. Pure: knows no clock and no Kubernetes.
//
// Two kinds of time: `now`, the wall clock (milliseconds since 1970), orders visitors, and survives a manager. `at`, a clock
// that never jumps, tells for how long nothing was heard of somebody: as with a Lease, by when this manager heard it last
// and not by what others' clocks say.
//
// A manager that starts also reads how old each place is. It passes over a visitor who was last seen too long ago, so that
// the dead hold nobody back. It deletes the place only later: if a clock was wrong, the visitor is heard again until then.

import { ownerOf } from '../../common/claimant.ts';
import type { ObservedRoom, Place } from './observation.ts';

/** A visitor whose request has ended may be on the way with the next one: a reload, a long poll that is over. */
const betweenRequestsMs = 2_000;
/** How often the others are told that a visitor is still here. */
const refreshMs = 10_000;
/** Whom no manager has told of for so long is not here: the manager was killed, and the visitor has not come to another. */
const silentMs = 25_000;
/** How long it takes until the other managers know who has come back. */
const tellMs = 3_000;
/** Whoever is not here gets the former place back within so long. */
const graceMs = 30_000;
/** No clock is that wrong: a place of this age is deleted at first sight, also by managers that do not live for long. */
const forgottenMs = 24 * 60 * 60_000;

type Entry = {
  visitor: string;
  since: number;
  address: string | undefined;
  /** What is written of it. */
  written: Place | undefined;
  /** Whether that was in a room that is gone. */
  unsaved: boolean;
  /** When that last changed; undefined until it has been looked at. */
  heardAt: number | undefined;
  /** How long before that it was written, by the wall clock. 0 for all but places that are new to this manager. */
  age: number;
  /** Requests of the visitor's that wait at this manager. */
  here: number;
  /** When the last of them ended; undefined while there is one, or when the visitor is another manager's. */
  partedAt: number | undefined;
  /** The `seen` that this manager wrote: as long as it stands, nobody else has the visitor. */
  mine: number | undefined;
  /** Whether the others have been told that the visitor is here. */
  told: boolean;
  /** The visitor has said good-bye. */
  left: boolean;
  /** The visitor has a terminal. */
  served: boolean;
};

export type Changes = {
  places: Map<string, Place | undefined>;
  /** Whether they rest on nothing having been heard of somebody, who may have been heard of meanwhile. */
  unchanged: boolean;
};

export class WaitingRoom {
  readonly #entries = new Map<string, Entry>();
  #order: Entry[] | undefined;
  #latest = 0;

  /** Takes in what is written at `now`; undefined: the room is gone, which takes no place away. It is written into the next room. */
  observe(room: ObservedRoom | undefined, now: number): void {
    if (!room) {
      for (const entry of this.#entries.values()) if (entry.written) entry.unsaved = true;
      return;
    }
    const { places } = room;
    for (const [visitor, place] of places) this.#hear(visitor, place, now);
    for (const entry of this.#entries.values()) {
      if (!entry.written || entry.unsaved || places.has(entry.visitor)) continue;
      entry.written = undefined;
      if (entry.here === 0 && entry.partedAt === undefined) this.#remove(entry);
    }
  }

  /**
   * Visitors could not wait from `since` to `at`, and were sent away. Those who waited then count as here for `forMs` more, within
   * which they come back.
   */
  resume({ since, at, forMs }: { since: number; at: number; forMs: number }): void {
    for (const entry of this.#entries.values()) {
      if (entry.here > 0 || !isHere(entry, since)) continue;
      entry.age = 0;
      // Another manager reports its visitors once they are back.
      entry.heardAt = entry.partedAt === undefined ? at + forMs + betweenRequestsMs + tellMs - silentMs : at;
      if (entry.partedAt !== undefined) entry.partedAt = at + forMs;
    }
  }

  has(visitor: string): boolean {
    const entry = this.#entries.get(visitor);
    return entry !== undefined && !entry.served;
  }

  /** When the visitor first asked; undefined for one who does not wait. */
  since(visitor: string): number | undefined {
    return this.has(visitor) ? this.#entries.get(visitor)!.since : undefined;
  }

  /**
   * A request of the visitor's begins to wait. `askedAt`: when the visitor first asked, where that was before `now`. Returns
   * how it ends, at a time by the clock that never jumps.
   */
  enter(
    visitor: string,
    now: number,
    { askedAt, address }: { askedAt?: number | undefined; address?: string | undefined } = {},
  ): (at: number) => void {
    const known = this.#entries.get(visitor);
    // Clocks differ between managers, and jump: whoever is new goes behind all who are known.
    const since = askedAt ?? Math.max(now, this.#latest + 1);
    const entry =
      known && !known.served ? known : this.#add({ ...nobody, visitor, since, address, ...(known && pick(known)) });
    if (askedAt !== undefined) this.#advance(entry, askedAt);
    if (entry.here === 0) entry.told = entry.written?.seen !== undefined && entry.written.seen === entry.mine;
    entry.here++;
    entry.partedAt = undefined;
    entry.left = false;
    return (at) => {
      entry.here--;
      if (entry.here === 0) entry.partedAt = at;
    };
  }

  /** The visitor does not want to wait any more, unless in another window. */
  leave(visitor: string): void {
    const entry = this.#entries.get(visitor);
    if (entry && entry.here === 0) entry.left = true;
  }

  /** The visitor has a terminal. */
  serve(visitor: string): void {
    const entry = this.#entries.get(visitor);
    if (entry) entry.served = true;
  }

  /** Those who are here, in their order: who is first gets the next terminal. */
  line(at: number): string[] {
    this.#order ??= [...this.#entries.values()].sort(bySince);
    return this.#order.filter((entry) => isHere(entry, at)).map(({ visitor }) => visitor);
  }

  /** When visitors from `address` who are here, `visitor` not counted, have first asked. */
  from(address: string, visitor: string, at: number): number[] {
    return [...this.#entries.values()]
      .filter((entry) => entry.address === address && entry.visitor !== visitor && isHere(entry, at))
      .map(({ since }) => since);
  }

  /** The claimants of a visitor who are here. */
  of(owner: string, at: number): string[] {
    return [...this.#entries.values()]
      .filter((entry) => ownerOf(entry.visitor) === owner && isHere(entry, at))
      .map(({ visitor }) => visitor);
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /** What is to be written now; empty when the others know all that there is to know. Not to be called during a write. */
  changes(now: number, at: number): Changes {
    const places: Changes['places'] = new Map();
    const expired: Changes['places'] = new Map();
    for (const entry of this.#entries.values()) {
      entry.heardAt ??= at;
      const change = changeOf(entry, now, at);
      if (change === 'nothing') continue;
      if (change === 'forget') this.#remove(entry);
      else if (change === 'expire') expired.set(entry.visitor, undefined);
      else {
        places.set(entry.visitor, change);
        if (change?.seen !== undefined && entry.here > 0) entry.mine = change.seen;
      }
    }
    // Somebody may have been heard of meanwhile: what rests on nothing having been heard is written by itself.
    return places.size > 0 ? { places, unchanged: false } : { places: expired, unchanged: true };
  }

  #hear(visitor: string, place: Place, now: number): void {
    const known = this.#entries.get(visitor);
    if (!known) {
      const { since, address } = place;
      this.#add({ ...nobody, visitor, since, address, written: place, age: ageOf(place, now) });
      return;
    }
    const { written } = known;
    known.unsaved = false;
    if (written?.since === place.since && written.seen === place.seen) return;
    known.written = place;
    known.heardAt = undefined;
    known.age = written ? 0 : ageOf(place, now);
    this.#advance(known, place.since);
    // Somebody else has the visitor now; or everybody knows of the good-bye.
    if (place.seen !== known.mine) known.partedAt = undefined;
    else known.told = true;
    if (place.seen === undefined) known.left = false;
  }

  /** Of two times of one visitor the first counts. */
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

const nobody = {
  address: undefined,
  written: undefined,
  unsaved: false,
  heardAt: undefined,
  age: 0,
  here: 0,
  partedAt: undefined,
  mine: undefined,
  told: false,
  left: false,
  served: false,
};

const pick = ({ written, unsaved, heardAt, age }: Entry) => ({ written, unsaved, heardAt, age });

// A time that is still to come says as little as one long ago: the clock that wrote it is wrong.
const ageOf = ({ seen, since }: Place, now: number): number => Math.abs(now - (seen ?? since));

// The visitor breaks a tie: every manager must see the same order.
const bySince = (a: Entry, b: Entry): number => a.since - b.since || (a.visitor < b.visitor ? -1 : 1);

function isHere({ served, here, left, partedAt, written, heardAt, age, mine }: Entry, at: number): boolean {
  if (served || left) return false;
  if (here > 0) return true;
  if (partedAt !== undefined && at - partedAt < betweenRequestsMs) return true;
  if (partedAt !== undefined && written?.seen === mine) return false;
  return written?.seen !== undefined && at - (heardAt ?? at) + age < silentMs;
}

/** The place to be written; undefined: none. */
function changeOf(entry: Entry, now: number, at: number): Place | undefined | 'nothing' | 'forget' | 'expire' {
  const { since, written, unsaved, age, here, partedAt, mine, told, left, served } = entry;
  const unheard = at - (entry.heardAt ?? at);
  if (served) return written && !unsaved ? undefined : 'forget';
  if (here > 0) {
    const known = told && !unsaved && written?.seen !== undefined && written.since <= since && unheard < refreshMs;
    // Another time than before, whatever the clock says: that it changes is what tells.
    return known ? 'nothing' : placeOf(entry, Math.max(now, (written?.seen ?? 0) + 1));
  }
  const parted = partedAt !== undefined && at - partedAt >= betweenRequestsMs;
  if (!written) return left || parted ? 'forget' : 'nothing';
  // Whom another manager has had since, that manager tells of.
  if (written.seen !== undefined && (left || (parted && written.seen === mine))) return placeOf(entry, undefined);
  // The visitor came to this manager before the one who told of it.
  if (written.since > since) return placeOf(entry, written.seen);
  const silent = written.seen === undefined ? unheard : unheard + age - silentMs;
  const expired = age >= forgottenMs || Math.min(unheard, silent) >= graceMs;
  if (unsaved) return expired ? 'forget' : placeOf(entry, written.seen);
  if (partedAt !== undefined && !parted) return 'nothing';
  return expired ? 'expire' : 'nothing';
}

const placeOf = ({ since, address }: Entry, seen: number | undefined): Place => ({
  since,
  ...(address !== undefined && { address }),
  seen,
});
