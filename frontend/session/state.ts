// The life of a session as the page sees it: every state with only its own fields, and what is to be done in it. Pure:
// time comes in with the events, doing is left to the edge (run-session.ts).

import type { ErrorCode, ReachedLimit } from '../../common/errors.ts';
import type { Promised } from '../../common/manager-api.ts';
import { type Attempt, blockedAfter } from '../../common/route.ts';
import type { Ending, EndReason, Saved, Saving } from '../../common/socket.ts';
import type { OpenAnswer, Opened } from '../../common/terminals-api.ts';

/** What the edge does while a state lasts; another object means: stop that, do this. */
export type Doing =
  | Claim
  /** What a busy network has to do for a further terminal. */
  | { at: 'solve'; challenge: unknown }
  | Attach
  /** Until then (milliseconds since 1970), or until told to go on. */
  | { at: 'pause'; until: number };

export type Claim = {
  at: 'claim';
  /** The last one that this visitor was told of, while it waits in line. */
  place?: number;
  /** Of the challenge that the last claim came to. */
  solution?: Solution;
};

/** For the webserver to judge. */
export type Solution = Record<string, unknown>;

export type Attach = { at: 'attach'; opened: Opened } & Attempt;

/**
 * What a browser holds against a connection. `policy`: a Content-Security-Policy, ours or that of a proxy. `insecure`: a page by
 * HTTPS may not connect to plain HTTP. `local-network`: the person did not let this page into the local network
 * (https://wicg.github.io/local-network-access/).
 */
export type Barrier = 'policy' | 'insecure' | 'local-network';

/**
 * A failure as a person may read it: of the webserver (ErrorCode), or found out by this page.
 * `unreachable`: the network. `blocked`: the way to the terminal alone. `run-over`: the run of this page has no terminal.
 * `sign-in`: something else than the webserver answers, and seems to want a person. `foreign`: the same without that.
 * `visitor-refused`: one webserver refuses the id that another one has given. `no-websocket`: HTTP comes through, and WebSockets do
 * not. `removed`: the owner of the terminal has removed this guest. A `Barrier` is the browser's own.
 */
export type Failure = {
  code:
    | ErrorCode
    | Barrier
    | 'unreachable'
    | 'blocked'
    | 'run-over'
    | 'sign-in'
    | 'foreign'
    | 'visitor-refused'
    | 'no-websocket'
    | 'removed';
  /** The message of the webserver, or what the page observed. In English; the page shows it under "Details". */
  detail: string;
  limit?: ReachedLimit | undefined;
};

/** Where in line this visitor is, as it was told at some time (milliseconds since 1970). */
export type Queue = Omit<Extract<OpenAnswer, { status: 'waiting' }>, 'status' | 'pool'> & { at: number };

/** What all states remember. */
type Memory = {
  /** Which terminal was attached last: its name alone would not do, for the next pod may bear it too. */
  known: string | undefined;
  /** Which run of that terminal's server it was, if it said so. */
  run?: string | undefined;
  /** How many attempts have failed in a row; a connection that did not last counts as failed. */
  failures: number;
  /** How many tickets have been refused since the last attach. */
  refusals: number;
  /** What has come together against the direct way since it last led to a terminal (way.ts). */
  missed: number;
  /** What the browser holds against the direct route, where that is known to be why it leads nowhere. */
  barrier?: Barrier | undefined;
  /** Why the relay led nowhere, where the webserver has said so. */
  relayProblem?: Opened['relayProblem'];
  /** What this visitor was last promised in the queue, until there is a terminal. */
  promised?: Promised | undefined;
};

export type State = Memory &
  (
    | { is: 'connecting'; doing: Doing }
    | {
        is: 'connected';
        doing: Attach;
        since: number;
        /** This is another terminal than the one before, or the same one, of which the pod was started again. */
        replaced: 'terminal' | 'run' | false;
        /** How the terminal before this one ended, where it has said so. */
        former?: Opened['former'];
        ending: Countdown | undefined;
      }
    | { is: 'reconnecting'; doing: Doing }
    /** It is over, and what is to save the visitor's work is under way. */
    | { is: 'saving'; doing: Attach; saving: Saving }
    /** All terminals are in use: this visitor has a place in line. */
    | { is: 'queued'; doing: Doing; queue: Queue }
    /** There is no terminal to be had right now. */
    | { is: 'waiting'; doing: Doing; why: Failure }
    | { is: 'ended'; reason: EndReason; saved?: Saved | undefined; doing?: undefined }
    | { is: 'error'; why: Failure; doing?: undefined }
  );

export type Countdown = { reason: Ending['reason']; at: number };

export type Event =
  | { type: 'opened'; opened: Opened }
  /** `run` names the run of the terminal's server. */
  | { type: 'attached'; run?: string | undefined }
  | { type: 'queued'; queue: Omit<Queue, 'at'> }
  /** The claim failed. `retryAfter` in seconds. */
  | { type: 'failed'; why: Failure; retryable: boolean; retryAfter?: number }
  /** The claim needs a challenge to be solved first. */
  | { type: 'challenged'; challenge: unknown; why: Failure; retryAfter?: number }
  | { type: 'solved'; solution: Solution }
  /** The terminal does not accept the ticket. */
  | { type: 'refused'; why: Failure }
  | { type: 'disconnected' }
  /** Nothing came of the attach in the time that it had. */
  | { type: 'unanswered' }
  /** The browser does not allow this connection, and will not the next time. */
  | { type: 'barred'; by: Barrier }
  | { type: 'ending'; ending: Ending | null }
  | { type: 'saving'; saving: Saving }
  | { type: 'ended'; reason: EndReason; saved?: Saved | undefined }
  /** The pause is over, the network is back, or a person does not want to wait. */
  | { type: 'go' }
  /** Whatever is under way may be on a network that is no more: the page was asleep, or has another network now. */
  | { type: 'woken' }
  /** A person asks for a new terminal, or to try again after an error. */
  | { type: 'renew' };

/** There is no terminal of the run. */
export const runIsOver: Event = { type: 'failed', why: { code: 'run-over', detail: '' }, retryable: false };

/** When an event happens, and where in the range of a jittered pause it falls (0 to 1). */
export type Moment = { now: number; chance: number };

/** The beginning. `missed`: what is known of the direct way from before. */
export const start = (missed: number): State => ({
  is: 'connecting',
  known: undefined,
  failures: 0,
  refusals: 0,
  missed,
  doing: { at: 'claim' },
});

/** The direct way was tried, and led nowhere, where this one did. */
export const isDetour = (state: State): boolean =>
  state.is === 'connected' && state.doing.route === 'relay' && state.missed >= blockedAfter;

export const identityOf = ({ name, claimedAt }: Pick<Opened, 'name' | 'claimedAt'>): string => `${name} ${claimedAt}`;
