// Who leads, by a Lease, after the rules of client-go's leaderelection package: a state machine that is handed answers
// and the time, and says what to ask next. Pure; knows neither Kubernetes nor timers.
//
// No two lead at once as long as clocks run about equally fast, however wrong they are: a holder stops leading `renewMs`
// after it SENT its last successful write, and others take over `durationMs` after they SAW that write, by their own
// monotonic clocks. What the record says about times is never judged by. Every write names the version that it was
// decided on, so of several who try, one is first.

import type { Lease, LeaseToWrite } from '../kubernetes/port.ts';

export type Timing = {
  /** A lease that was not renewed for so long is free. Whole seconds. */
  leaseMs: number;
  /** Who could not renew for so long leads no more: well before the others take over. */
  renewMs: number;
  /** Between two tries, to renew or to acquire. */
  retryMs: number;
};

export const usualTiming: Timing = { leaseMs: 15_000, renewMs: 10_000, retryMs: 2_000 };

/** Times are a monotonic clock's, in milliseconds. */
export type Election = {
  identity: string;
  timing: Timing;
  /** The lease as last read or written, undefined for none, and since when it is known to be just so. */
  seen: { lease: Lease | undefined; since: number } | undefined;
  /** It leads until then, unless it renews before; undefined while it does not lead. */
  leadsUntil: number | undefined;
  /** Refused writes in a row, of those that a leader looks into at once. */
  refusals: number;
};

export type ElectionEvent =
  /** It is time for the next try. */
  | { type: 'due' }
  | { type: 'read'; lease: Lease | undefined }
  | { type: 'written'; lease: Lease; sentAt: number }
  /** The lease was not in the version that the write was meant for. */
  | { type: 'refused' }
  /** No answer: whether the request took effect is not known. */
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

/** `now` is monotonic; `wall` (milliseconds since 1970) is only written down. */
export function next(state: Election, event: ElectionEvent, now: number, wall: number): Step {
  const rest: ElectionRequest = { type: 'rest', ms: state.timing.retryMs };
  switch (event.type) {
    case 'due':
      // A leader knows the lease's last state: it wrote it.
      return { state, request: leads(state, now) ? hold(state, wall) : { type: 'read' } };
    case 'read': {
      const seen = see(state, event.lease, now);
      if (isFree(seen, state.identity, now))
        return { state: { ...state, seen }, request: hold({ ...state, seen }, wall) };
      return { state: { ...state, seen, leadsUntil: undefined }, request: rest };
    }
    case 'written': {
      const { lease, sentAt } = event;
      // From when it was sent: others may have seen it at any time since, and no sooner.
      const leadsUntil = sentAt + state.timing.renewMs;
      return { state: { ...state, seen: { lease, since: now }, leadsUntil, refusals: 0 }, request: rest };
    }
    case 'refused':
      // A leader finds out at once whether it was deposed, or has only missed the answer to its own last renewal. Refused
      // again after that, it rests: an API server whose reads are behind its writes would be asked without a pause.
      if (!leads(state, now) || state.refusals > 0) return { state: { ...state, refusals: 0 }, request: rest };
      return { state: { ...state, refusals: 1 }, request: { type: 'read' } };
    case 'failed':
      return { state, request: rest };
  }
}

/** What a clean stop writes, so that the next need not wait; undefined when the lease is not this one's. */
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

/** The write that acquires or renews. */
function hold({ identity, timing, seen }: Election, wall: number): ElectionRequest {
  const former = seen?.lease;
  const renewed = former?.holder === identity;
  // Written again just as it was, it would not count as changed: a clock that stands still must not look like death.
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
