// The edge of the state machine: does what a state asks for, and feeds back what came of it. It is handed the claim,
// the socket and the clock, and knows neither the page nor the terminal.

import { next } from './next.ts';
import { type Attach, type Claim, type Doing, type Event, type State, start } from './state.ts';

export type SessionPorts = {
  /** Asks for the terminal with what is known; resolves to what came of it, and never rejects. */
  claim: (signal: AbortSignal, known: Claim & Pick<State, 'promised'>) => Promise<Event>;
  /** Solves a challenge; resolves to what came of it, and never rejects. */
  solve: (challenge: unknown, signal: AbortSignal) => Promise<Event>;
  /** Opens the socket, and tells by `send` what happens on it until `signal` is aborted. */
  attach: (what: Attach, send: (event: Event) => void, signal: AbortSignal) => void;
  onState: (state: State, before: State | undefined) => void;
  now: () => number;
  /** From 0 to 1. */
  chance: () => number;
  /** What is known against the direct way from before (way.ts). */
  missed: number;
};

export type Session = {
  send: (event: Event) => void;
  state: () => State;
  close: () => void;
};

export function runSession(ports: SessionPorts): Session {
  const { claim, solve, attach, onState, now, chance, missed } = ports;
  let state: State = start(missed);
  let doing: Doing | undefined;
  let current = new AbortController();

  function send(event: Event): void {
    const before = state;
    state = next(state, event, { now: now(), chance: chance() });
    if (state === before) return;
    onState(state, before);
    follow();
  }

  function follow(): void {
    if (state.doing === doing) return;
    doing = state.doing;
    // What the former doing still has to say is of no interest.
    current.abort();
    current = new AbortController();
    if (doing) perform(doing, current.signal);
  }

  function perform(what: Doing, signal: AbortSignal): void {
    const heard = (event: Event) => {
      if (!signal.aborted) send(event);
    };
    if (what.at === 'claim') void claim(signal, { ...what, promised: state.promised }).then(heard);
    else if (what.at === 'solve') void solve(what.challenge, signal).then(heard);
    else if (what.at === 'attach') attach(what, heard, signal);
    else {
      const timer = setTimeout(() => heard({ type: 'go' }), Math.max(0, what.until - now()));
      signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
    }
  }

  onState(state, undefined);
  follow();
  return {
    send,
    state: () => state,
    close: () => current.abort(),
  };
}
