// The transitions between the states of a session. Pure; an event that means nothing in a state changes nothing.

import { pauseMs } from '../../common/backoff.ts';
import { attemptAt, blockedAfter } from '../../common/route.ts';
import {
  type Barrier,
  type Doing,
  type Event,
  type Failure,
  identityOf,
  type Moment,
  type Queue,
  type State,
  start,
} from './state.ts';

/** So many refused tickets are no accident. */
const maxRefusals = 4;
/** So many failures before a first attach pass as "connecting". */
const quietFailures = 2;
/** A connection that ends sooner was none: without this, a terminal that drops us at once would be asked in a frenzy. */
const lastingMs = 5_000;

type Running = Exclude<State, { is: 'saving' | 'ended' | 'error' }>;
type Saving = Extract<State, { is: 'saving' }>;
type Connected = Extract<State, { is: 'connected' }>;
type Unattached = Exclude<Running, Connected>;

/** The state after `event`; the very same object if nothing changes. */
export function next(state: State, event: Event, moment: Moment): State {
  if (event.type === 'ended') {
    return { is: 'ended', ...memory(state), failures: 0, refusals: 0, reason: event.reason, saved: event.saved };
  }
  if (state.is === 'ended') return event.type === 'renew' ? start(state.missed) : state;
  if (state.is === 'error') {
    const again = { ...memory(state), failures: 0, refusals: 0, doing: { at: 'claim' } as const };
    return event.type === 'renew' ? { is: 'connecting', ...again } : state;
  }
  return state.is === 'saving' ? whileSaving(state, event, moment) : whileRunning(state, event, moment);
}

function whileSaving(state: Saving, event: Event, moment: Moment): State {
  if (event.type === 'saving') return { ...state, saving: event.saving };
  return event.type === 'disconnected' ? failed(state, moment) : state;
}

function whileRunning(state: Running, event: Exclude<Event, { type: 'ended' }>, moment: Moment): State {
  switch (event.type) {
    case 'opened':
      if (state.is === 'connected' || state.doing.at !== 'claim') return state;
      return opened(
        { ...state, relayProblem: event.opened.relayProblem ?? state.relayProblem },
        { at: 'attach', opened: event.opened, ...attemptAt(event.opened, state.missed) },
      );
    case 'queued':
      if (state.is === 'connected' || state.doing.at !== 'claim') return state;
      return queued(state, { ...event.queue, at: moment.now });
    case 'challenged':
      if (state.is === 'connected' || state.doing.at !== 'claim') return state;
      // A solution that is not taken is no reason to solve one after the other.
      if (state.doing.solution) return failed(state, moment, event.why, event.retryAfter);
      return { ...state, doing: { at: 'solve', challenge: event.challenge } };
    case 'solved':
      if (state.is === 'connected' || state.doing.at !== 'solve') return state;
      return { ...state, doing: { at: 'claim', solution: event.solution } };
    case 'attached':
      return attached(state, event.run, moment);
    case 'failed':
      return event.retryable ? failed(state, moment, event.why, event.retryAfter) : failedForGood(state, event.why);
    case 'refused': {
      // The terminal answers, and can take nobody at the moment. The ticket was not at fault.
      if (event.why.code === 'unavailable') {
        const why = state.failures < quietFailures ? undefined : event.why;
        return failed({ ...state, ...reached(state) }, moment, why);
      }
      const refused = { ...state, ...reached(state), refusals: state.refusals + 1 };
      return refused.refusals < maxRefusals ? failed(refused, moment) : failedForGood(refused, event.why);
    }
    case 'disconnected':
      return state.is === 'connected' ? disconnected(state, moment) : missed(state, moment, 'turned away');
    case 'unanswered':
      return state.is === 'connected' ? state : missed(state, moment, 'unanswered');
    case 'barred':
      return state.is === 'connected' ? state : barred(state, event.by, moment);
    case 'saving': {
      const { doing } = state;
      return doing.at === 'attach' ? { is: 'saving', ...memory(state), doing, saving: event.saving } : state;
    }
    case 'ending': {
      if (state.is !== 'connected') return state;
      const { ending } = event;
      return { ...state, ending: ending ? { reason: ending.reason, at: moment.now + ending.inMs } : undefined };
    }
    case 'go':
      if (state.is === 'connected' || state.doing.at !== 'pause') return state;
      return { ...state, doing: { at: 'claim' } };
    case 'woken':
      return woken(state, moment);
    case 'renew':
      return state;
  }
}

// Whoever was in line has a terminal now.
const opened = (state: Unattached, doing: Doing): State =>
  state.is === 'queued' ? { is: 'connecting', ...memory(state), doing } : { ...state, doing };

// Asked again at once: the answer to that waits until there is something new.
const queued = (state: Unattached, queue: Queue): State => ({
  is: 'queued',
  ...memory(state),
  failures: 0,
  promised: queue.promised,
  doing: { at: 'claim', place: queue.place },
  queue,
});

function attached(state: Running, run: string | undefined, { now }: Moment): State {
  if (state.is === 'connected' || state.doing.at !== 'attach') return state;
  const { doing, known } = state;
  const identity = identityOf(doing.opened);
  const rerun = state.run !== undefined && run !== undefined && state.run !== run;
  const replaced = known === undefined ? false : known !== identity ? 'terminal' : rerun && 'run';
  const remembered = {
    ...memory(state),
    ...reached(state),
    relayProblem: undefined,
    known: identity,
    run,
    refusals: 0,
    promised: undefined,
  };
  const { former } = doing.opened;
  // Another one, of another day, is no news.
  const told = replaced === 'terminal' && former && identityOf(former) === known ? former : undefined;
  return { is: 'connected', ...remembered, doing, since: now, replaced, former: told, ending: undefined };
}

// A terminal that answers, whatever it says, is one that this way leads to.
const reached = ({ doing, missed, barrier }: Running) =>
  doing.at === 'attach' && doing.route === 'direct' ? { missed: 0, barrier: undefined } : { missed, barrier };

// An attach led nowhere. That may be for the way, if there is another: with the way of the next attempt it begins anew.
function missed(state: Unattached, moment: Moment, how: 'turned away' | 'unanswered'): State {
  const { doing } = state;
  if (doing.at !== 'attach' || doing.opened.relay !== 'fallback') return failed(state, moment);
  // Neither way leads there: it was not for the way.
  if (doing.route === 'relay') return failed({ ...state, missed: 0 }, moment);
  const after = { ...state, missed: state.missed + 1 };
  // Silence has been pause enough; one that was turned away may have met a terminal that is just moving.
  const pauses = how === 'turned away' && after.missed < blockedAfter;
  return pauses ? failed(after, moment) : { ...after, doing: { at: 'claim' } };
}

// The ticket has not been used: it serves for the relay, where there is one.
function barred(state: Unattached, by: Barrier, moment: Moment): State {
  const { doing } = state;
  if (doing.at !== 'attach') return state;
  if (doing.route === 'relay' || doing.opened.relay !== 'fallback')
    return failed(state, moment, { code: by, detail: '' });
  const relay = { ...doing, ...attemptAt(doing.opened, blockedAfter) };
  return { ...state, missed: blockedAfter, barrier: by, doing: relay };
}

function disconnected(state: Connected, moment: Moment): State {
  const lasted = moment.now - state.since >= lastingMs;
  const before = { ...memory(state), failures: lasted ? 0 : state.failures };
  // The first time at once: most drops are over before anybody has seen them.
  if (before.failures === 0) {
    return { is: 'reconnecting', ...before, failures: lasted ? 0 : 1, doing: { at: 'claim' } };
  }
  const failures = before.failures + 1;
  return { is: 'reconnecting', ...before, failures, doing: pause(failures, moment) };
}

// A connection or a request of before may be dead without knowing it yet. Who is waiting for a terminal keeps the place.
function woken(state: Running, moment: Moment): State {
  if (state.is === 'connected') return disconnected({ ...state, failures: 0 }, moment);
  return state.is === 'reconnecting' || state.doing.at === 'pause' ? { ...state, doing: { at: 'claim' } } : state;
}

// An attempt failed, and another may succeed: a pause, then a claim, which brings a new ticket and a new address.
function failed(state: Running | Saving, moment: Moment, why?: Failure, retryAfter?: number): State {
  const failures = state.failures + 1;
  const rest = { ...memory(state), failures, doing: pause(failures, moment, retryAfter) };
  // The place is kept meanwhile, and so is what is said of it.
  if (state.is === 'queued' && failures <= quietFailures) return { ...state, ...rest };
  if (why && why.code !== 'unreachable') return { is: 'waiting', ...rest, why };
  if (rest.known !== undefined) return { is: 'reconnecting', ...rest };
  if (failures <= quietFailures) return { is: 'connecting', ...rest };
  return { is: 'waiting', ...rest, why: why ?? whatIsInTheWay(state) };
}

// A visitor who was given the address of a terminal has a network. The same is said of both ways, which take turns.
function whatIsInTheWay({ doing, relayProblem }: State): Failure {
  if (doing?.at !== 'attach') return { code: 'unreachable', detail: '' };
  if (doing.opened.relay === 'never') return { code: 'blocked', detail: '' };
  // The webserver has seen no WebSocket.
  if (!relayProblem) return { code: 'no-websocket', detail: '' };
  const { code, detail } = relayProblem;
  return { code: code === 'upgrade-required' ? 'no-websocket' : 'unavailable', detail };
}

const failedForGood = (state: Running, why: Failure): State => ({ is: 'error', ...memory(state), why });

const memory = ({ known, run, failures, refusals, missed, barrier, relayProblem, promised }: State) => ({
  known,
  run,
  failures,
  refusals,
  missed,
  barrier,
  relayProblem,
  promised,
});

const pause = (failures: number, { now, chance }: Moment, retryAfter?: number): Doing => ({
  at: 'pause',
  until: now + (retryAfter === undefined ? pauseMs(failures, chance) : retryAfter * 1_000),
});
