// Leader election by a Lease, with the rules of client-go's leaderelection package: a state machine that takes answers and the time,
// and returns the next request. Pure: no Kubernetes, no timers.
//
// Two managers never lead at once as long as their clocks run at about the same rate; the clocks may be wrong. A holder stops leading
// `renewMs` after it SENT its last successful write. Others take over `durationMs` after they SAW that write, by their own
// monotonic clocks. The times in the Lease are never used. Every write names the version that it is based on, so only one of
// several concurrent writes succeeds.

import type { Lease, LeaseToWrite } from '../kubernetes/port.ts';

export type Timing = {
  /** A Lease that was not renewed for this long is free. Whole seconds. */
  leaseMs: number;
  /** A leader that could not renew for this long stops leading. Shorter than `leaseMs`, so that it stops before others take over. */
  renewMs: number;
  /** The pause between two attempts to renew or acquire. */
  retryMs: number;
};

export const usualTiming: Timing = { leaseMs: 15_000, renewMs: 10_000, retryMs: 2_000 };

/** Times are from a monotonic clock, in milliseconds. */
export type Election = {
  identity: string;
  timing: Timing;
  /** The Lease as last read or written (undefined if absent), and since when it has had this version. */
  seen: { lease: Lease | undefined; since: number } | undefined;
  /** The end of its leadership unless it renews before. Undefined while it does not lead. */
  leadsUntil: number | undefined;
  /** Consecutive rejected writes after which the leader read the Lease at once. */
  refusals: number;
};

export type ElectionEvent =
  /** The next attempt is due. */
  | { type: 'due' }
  | { type: 'read'; lease: Lease | undefined }
  | { type: 'written'; lease: Lease; sentAt: number }
  /** The Lease did not have the expected version. */
  | { type: 'refused' }
  /** There was no answer. It is unknown whether the request took effect. */
  | { type: 'failed' };

export type ElectionRequest =
  | { type: 'read' }
  /** `version` undefined: create it. */
  | { type: 'write'; version: string | undefined; lease: LeaseToWrite }
  | { type: 'rest'; ms: number };

type Step = { state: Election; request: ElectionRequest };

export const startElection = (identity: string, timing: Timing = usualTiming): Election => ({
  identity,
  timing,
  seen: undefined,
  leadsUntil: undefined,
  refusals: 0,
});

export const leads = ({ leadsUntil }: Election, now: number): boolean => leadsUntil !== undefined && now < leadsUntil;

/** `now` is monotonic. `wall` (milliseconds since 1970) is only recorded in the Lease. */
export function next(state: Election, event: ElectionEvent, now: number, wall: number): Step {
  const rest: ElectionRequest = { type: 'rest', ms: state.timing.retryMs };
  switch (event.type) {
    case 'due':
      // A leader wrote the Lease itself, so it need not read it.
      return { state, request: leads(state, now) ? hold(state, wall) : { type: 'read' } };
    case 'read': {
      const seen = see(state, event.lease, now);
      if (isFree(seen, state.identity, now))
        return { state: { ...state, seen }, request: hold({ ...state, seen }, wall) };
      return { state: { ...state, seen, leadsUntil: undefined }, request: rest };
    }
    case 'written': {
      const { lease, sentAt } = event;
      // Count from the time of sending: others may have seen the write at any time after that.
      const leadsUntil = sentAt + state.timing.renewMs;
      return { state: { ...state, seen: { lease, since: now }, leadsUntil, refusals: 0 }, request: rest };
    }
    case 'refused':
      // A leader reads at once whether it lost the Lease or missed the answer to its own last renewal. After a second rejection
      // it rests: if an API server's reads lag behind its writes, it would otherwise be asked without a pause.
      if (!leads(state, now) || state.refusals > 0) return { state: { ...state, refusals: 0 }, request: rest };
      return { state: { ...state, refusals: 1 }, request: { type: 'read' } };
    case 'failed':
      return { state, request: rest };
  }
}

/** The write that releases the Lease at a clean stop, so that the next leader need not wait. Undefined if another manager holds it. */
export function releaseOf(lease: Lease | undefined, identity: string, wall: number) {
  if (lease?.holder !== identity) return undefined;
  const { version, transitions } = lease;
  const released: LeaseToWrite = { holder: '', durationMs: 1_000, acquiredAt: wall, renewedAt: wall, transitions };
  return { version, lease: released };
}

function see({ seen }: Election, lease: Lease | undefined, now: number): NonNullable<Election['seen']> {
  return seen && seen.lease?.version === lease?.version ? seen : { lease, since: now };
}

function isFree({ lease, since }: NonNullable<Election['seen']>, identity: string, now: number): boolean {
  if (!lease || lease.holder === '' || lease.holder === identity) return true;
  return now >= since + lease.durationMs;
}

/** The write that acquires or renews the Lease. */
function hold({ identity, timing, seen }: Election, wall: number): ElectionRequest {
  const former = seen?.lease;
  const renewed = former?.holder === identity;
  // Always change the time: with an unchanged one the API server would keep the version, and others would take over.
  const renewedAt = wall === former?.renewedAt ? wall + 1 : wall;
  const lease: LeaseToWrite = {
    holder: identity,
    durationMs: timing.leaseMs,
    acquiredAt: renewed ? former.acquiredAt : renewedAt,
    renewedAt,
    transitions: former ? former.transitions + (renewed ? 0 : 1) : 0,
  };
  return { type: 'write', version: former?.version, lease };
}
