// What there is to say in each state, and which button goes with it. Pure: view.ts puts it on the screen.

import type { State } from '../session/state.ts';
import { endings, explain, texts } from '../texts.ts';

export type Message = {
  /** A line at the edge while work may go on, or a dialog where there is nothing to go on with. */
  kind: 'line' | 'dialog';
  title: string;
  detail?: string;
  /** Counted down beside the title; milliseconds since 1970. */
  until?: number;
  button?: { label: string; sends: 'go' | 'renew' };
};

/** Undefined when the terminal speaks for itself. */
export function messageFor(state: State): Message | undefined {
  switch (state.is) {
    case 'connected':
      return undefined;
    case 'connecting':
      return { kind: 'line', title: texts.connecting };
    case 'reconnecting':
      return { kind: 'line', title: texts.reconnecting, ...countdown(state) };
    case 'waiting':
      return { kind: 'dialog', ...explain(state.why), ...countdown(state) };
    case 'ended':
      return { kind: 'dialog', ...endings[state.reason], button: { label: texts.startNew, sends: 'renew' } };
    case 'error':
      return { kind: 'dialog', ...explain(state.why), button: { label: texts.tryAgain, sends: 'renew' } };
  }
}

// From the first failure on it stays, also while an attempt is under way: what comes and goes cannot be read.
function countdown({ doing, failures }: State): Pick<Message, 'until' | 'button'> {
  if (failures === 0) return {};
  return { until: doing?.at === 'pause' ? doing.until : 0, button: { label: texts.now, sends: 'go' } };
}

/** The words of a countdown with `ms` left. */
export const countdownText = (ms: number): string =>
  ms > 0 ? texts.tryingAgain(Math.ceil(ms / 1_000)) : `${texts.trying} …`;
