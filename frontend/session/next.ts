// The transitions between the states of a session. Pure; an event that means nothing in a state changes nothing.

import { pauseMs } from './backoff.ts';
import { type Doing, type Event, type Failure, identityOf, type Moment, type State, start } from './state.ts';

/** So many refused tickets are no accident. */
const maxRefusals = 4;
/** So many failures before a first attach pass as "connecting". */
const quietFailures = 2;
/** A connection that ends sooner was none: without this, a terminal that drops us at once would be asked in a frenzy. */
const lastingMs = 5_000;

type Running = Exclude<State, { is: 'ended' | 'error' }>;

/** The state after `event`; the very same object if nothing changes. */
export function next(state: State, event: Event, moment: Moment): State {
  if (event.type === 'ended') {
    return { is: 'ended', ...memory(state), failures: 0, refusals: 0, reason: event.reason };
  }
  if (state.is === 'ended') return event.type === 'renew' ? start : state;
  if (state.is === 'error') {
    const again = { ...memory(state), failures: 0, refusals: 0, doing: { at: 'claim' } as const };
    return event.type === 'renew' ? { is: 'connecting', ...again } : state;
  }
  return whileRunning(state, event, moment);
}

function whileRunning(state: Running, event: Exclude<Event, { type: 'ended' }>, moment: Moment): State {
  switch (event.type) {
    case 'opened':
      if (state.is === 'connected' || state.doing.at !== 'claim') return state;
      return { ...state, doing: { at: 'attach', opened: event.opened } };
    case 'attached':
      return attached(state, moment);
    case 'failed':
      return event.retryable ? failed(state, moment, event.why, event.retryAfter) : failedForGood(state, event.why);
    case 'refused': {
      const refused = { ...state, refusals: state.refusals + 1 };
      return refused.refusals < maxRefusals ? failed(refused, moment) : failedForGood(refused, event.why);
    }
    case 'disconnected':
      return disconnected(state, moment);
    case 'ending': {
      if (state.is !== 'connected') return state;
      const { ending } = event;
      return { ...state, ending: ending ? { reason: ending.reason, at: moment.now + ending.inMs } : undefined };
    }
    case 'go':
      if (state.is === 'connected' || state.doing.at !== 'pause') return state;
      return { ...state, doing: { at: 'claim' } };
    case 'renew':
      return state;
  }
}

function attached(state: Running, { now }: Moment): State {
  if (state.is === 'connected' || state.doing.at !== 'attach') return state;
  const { known, failures } = memory(state);
  const { doing } = state;
  const identity = identityOf(doing.opened);
  const replaced = known !== undefined && known !== identity;
  return { is: 'connected', known: identity, failures, refusals: 0, doing, since: now, replaced, ending: undefined };
}

function disconnected(state: Running, moment: Moment): State {
  if (state.is !== 'connected') return failed(state, moment);
  const lasted = moment.now - state.since >= lastingMs;
  const before = { ...memory(state), failures: lasted ? 0 : state.failures };
  // The first time at once: most drops are over before anybody has seen them.
  if (before.failures === 0) {
    return { is: 'reconnecting', ...before, failures: lasted ? 0 : 1, doing: { at: 'claim' } };
  }
  const failures = before.failures + 1;
  return { is: 'reconnecting', ...before, failures, doing: pause(failures, moment) };
}

// An attempt failed, and another may succeed: a pause, then a claim, which brings a new ticket and a new address.
function failed(state: Running, moment: Moment, why?: Failure, retryAfter?: number): State {
  const failures = state.failures + 1;
  const rest = { ...memory(state), failures, doing: pause(failures, moment, retryAfter) };
  if (why && why.code !== 'unreachable') return { is: 'waiting', ...rest, why };
  if (rest.known !== undefined) return { is: 'reconnecting', ...rest };
  if (failures <= quietFailures) return { is: 'connecting', ...rest };
  return { is: 'waiting', ...rest, why: why ?? { code: 'unreachable', detail: '' } };
}

const failedForGood = (state: Running, why: Failure): State => ({ is: 'error', ...memory(state), why });

const memory = ({ known, failures, refusals }: State) => ({ known, failures, refusals });

const pause = (failures: number, { now, chance }: Moment, retryAfter?: number): Doing => ({
  at: 'pause',
  until: now + (retryAfter === undefined ? pauseMs(failures, chance) : retryAfter * 1_000),
});
