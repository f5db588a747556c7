// One visitor in the queue of a pool: the states, and what each state means for the order and for the stored queue. Pure.

import type { StoredPosition } from '../observation.ts';

/** A visitor without a request for less than this time is between two requests: a page reload, or the next long poll. */
export const betweenRequestsMs = 2_000;
/** How often a manager reports its connected visitors to the other managers. */
const reportEveryMs = 10_000;
/** A visitor without a report for this long is absent: the manager was killed, and the visitor reconnected to no other. */
export const absentAfterMs = 25_000;
/** An absent visitor keeps the position for this long. */
const keepPositionMs = 30_000;
/** No clock is off by this much. Such an entry is deleted when it is first read, also by short-lived managers. */
const deleteAtOnceMs = 24 * 60 * 60_000;

/** The visitor's entry in the stored queue. */
export type Stored = {
  position: StoredPosition;
  /** Whether the object that held it was deleted. */
  lost: boolean;
  /** When `position` last changed, by the monotonic clock. Undefined until the next check. */
  changedAt: number | undefined;
  /** How old `position` was when this manager first read it, by the wall clock. 0 once it has changed. */
  age: number;
};

export type Presence =
  /**
   * Requests of the visitor wait at this manager. `reported`: the stored queue says so. `ownSeen`: the `seen` that this
   * manager wrote last. While it stands, no other manager has the visitor.
   */
  | { state: 'connected'; requests: number; reported: boolean; ownSeen: number | undefined }
  /** The last of these requests ended at `at`, by the monotonic clock. */
  | { state: 'disconnected'; at: number; ownSeen: number | undefined }
  /** The visitor has no request at this manager. The stored queue says whether another manager has one. */
  | { state: 'remote' }
  /** The visitor cancelled the wait, and the stored queue does not say so yet. */
  | { state: 'cancelled' }
  /** The visitor has a terminal. */
  | { state: 'served' };

export type Entry = {
  visitor: string;
  /** When the visitor first asked. It gives the order of the queue. */
  since: number;
  address: string | undefined;
  stored: Stored | undefined;
  presence: Presence;
};

/** What to do about an entry. `expire` and `delete` remove it from the stored queue; `forget` only from memory. */
export type Change =
  | { action: 'none' | 'forget' | 'delete' | 'expire' }
  | { action: 'write'; position: StoredPosition };

/** Whether the visitor counts at `at`, by the monotonic clock. */
export function isPresent({ presence, stored }: Entry, at: number): boolean {
  switch (presence.state) {
    case 'connected':
      return true;
    case 'disconnected':
      if (at - presence.at < betweenRequestsMs) return true;
      return stored?.position.seen !== presence.ownSeen && isReported(stored, at);
    case 'remote':
      return isReported(stored, at);
    case 'cancelled':
    case 'served':
      return false;
  }
}

/** What to do at `now` (wall clock) and `at` (monotonic clock). */
export function planChange(entry: Entry, now: number, at: number): Change {
  const { stored, presence, since } = entry;
  switch (presence.state) {
    case 'served':
      return { action: stored && !stored.lost ? 'delete' : 'forget' };
    case 'connected': {
      const isKnown = presence.reported && isCurrent(stored, since) && at - (stored.changedAt ?? at) < reportEveryMs;
      // Other managers look for a changed value, so it changes also when the wall clock was set back.
      return isKnown ? none : write(entry, Math.max(now, (stored?.position.seen ?? 0) + 1));
    }
    case 'cancelled':
      if (!stored) return forget;
      return stored.position.seen === undefined ? planRemoval(entry, stored, at) : write(entry, undefined);
    case 'disconnected': {
      const isBetweenRequests = at - presence.at < betweenRequestsMs;
      if (!stored) return isBetweenRequests ? none : forget;
      const { seen } = stored.position;
      // If `seen` is another manager's, that manager reports the visitor.
      if (seen !== undefined && seen === presence.ownSeen && !isBetweenRequests) return write(entry, undefined);
      const change = planRemoval(entry, stored, at);
      return change.action === 'expire' && isBetweenRequests ? none : change;
    }
    case 'remote':
      return stored ? planRemoval(entry, stored, at) : forget;
  }
}

const none: Change = { action: 'none' };
const forget: Change = { action: 'forget' };

/** Decides whether to correct, store again or remove an entry that this manager does not report. */
function planRemoval(entry: Entry, stored: Stored, at: number): Change {
  const { position, lost, age } = stored;
  // The visitor asked this manager first, and the manager that wrote the entry later.
  if (position.since > entry.since) return write(entry, position.seen);
  const unchangedMs = at - (stored.changedAt ?? at);
  const absentMs = position.seen === undefined ? unchangedMs : unchangedMs + age - absentAfterMs;
  const isExpired = age >= deleteAtOnceMs || Math.min(unchangedMs, absentMs) >= keepPositionMs;
  if (lost) return isExpired ? forget : write(entry, position.seen);
  return { action: isExpired ? 'expire' : 'none' };
}

const isReported = (stored: Stored | undefined, at: number): boolean =>
  stored?.position.seen !== undefined && at - (stored.changedAt ?? at) + stored.age < absentAfterMs;

const isCurrent = (stored: Stored | undefined, since: number): stored is Stored =>
  stored !== undefined && !stored.lost && stored.position.seen !== undefined && stored.position.since <= since;

const write = ({ since, address }: Entry, seen: number | undefined): Change => ({
  action: 'write',
  position: { since, ...(address !== undefined && { address }), seen },
});
