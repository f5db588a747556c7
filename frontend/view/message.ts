// What there is to say in each state, and which button goes with it. Pure: view.ts puts it on the screen.

import type { EndReason } from '../../common/socket.ts';
import type { Failure, Queue, State } from '../session/state.ts';
import { explain, roughly, texts } from '../texts.ts';

/** `reload` loads the page again, and `terminals` shows what the visitor has: these are not for the session. */
export type ButtonEvent = 'go' | 'renew' | 'reload' | 'terminals';

export type Message = {
  /** A line at the edge while work may go on, or a dialog where there is nothing to go on with. */
  kind: 'line' | 'dialog';
  title: string;
  detail?: string;
  /** The technical cause. The page shows it under "Details", folded. */
  cause?: string;
  /** What became of the visitor's work; `lost`: it was not saved. */
  outcome?: { text: string; lost: boolean };
  /** What a program of the visitor's has printed; `label` says which. */
  output?: { label: string; text: string };
  /** What is read out, where that is less than what is shown. */
  said?: string;
  /** Counted down beside the title; milliseconds since 1970. */
  until?: number;
  button?: { label: string; sends: ButtonEvent };
};

/** Undefined when the terminal speaks for itself. */
export function messageFor(state: State): Message | undefined {
  if (state.doing?.at === 'solve') return { kind: state.is === 'waiting' ? 'dialog' : 'line', ...texts.solving };
  switch (state.is) {
    case 'connected':
      return undefined;
    case 'connecting':
      return { kind: 'line', title: texts.connecting };
    case 'reconnecting':
      return { kind: 'line', title: texts.reconnecting, ...countdown(state) };
    case 'queued':
      return { kind: 'dialog', ...placeInLine(state.queue) };
    case 'waiting':
      return { kind: 'dialog', ...explain(state.why), ...countdown(state), ...reloadFor(state.why) };
    case 'saving':
      return {
        kind: 'dialog',
        title: texts.saving.title,
        ...whyOver(state.saving.reason),
        ...printed(state.saving.output),
      };
    case 'ended':
      return { kind: 'dialog', ...sayEnded(state), button: { label: texts.startNew, sends: 'renew' } };
    case 'error':
      return { kind: 'dialog', ...explain(state.why), button: { label: nextAfter(state.why), sends: 'renew' } };
  }
}

// The page asks again by itself: what else can help is to load it anew, which a proxy may answer with its sign-in.
function reloadFor({ code, limit }: Failure): Pick<Message, 'button'> {
  if (code === 'sign-in' || code === 'unauthenticated') return { button: { label: texts.signIn, sends: 'reload' } };
  if (limit?.of === 'visitor') return { button: { label: texts.terminals.show, sends: 'terminals' } };
  if (code === 'visitor-refused') return { button: { label: texts.reload, sends: 'reload' } };
  return {};
}

const nextAfter = ({ code }: Failure): string => (code === 'run-over' ? texts.ownTerminal : texts.tryAgain);

// A terminal may be newer than this page, and end for reasons of its own.
const endingOf = (reason: EndReason) => texts.endings[reason] ?? texts.endings.deleted;

const whyOver = (reason: EndReason) => ({ detail: `${endingOf(reason).title}.` });

type Ended = Pick<Message, 'title' | 'detail' | 'outcome' | 'output'>;

function sayEnded({ reason, saved }: Extract<State, { is: 'ended' }>): Ended {
  const { title, detail } = endingOf(reason);
  if (!saved) return { title, detail };
  const outcome = { text: texts.saving.result(saved), lost: saved.result !== 'saved' };
  return { title, detail, outcome, ...printed(saved.output) };
}

const printed = (text: string): Pick<Message, 'output'> =>
  text.trim() === '' ? {} : { output: { label: texts.saving.output, text: text.trimEnd() } };

// Estimates change all the time: the place is read out, and why it takes longer than was said.
function placeInLine(line: Queue): Pick<Message, 'title' | 'detail' | 'said'> {
  const { queue } = texts;
  const title = queue.title(line.place);
  // The service may be newer than this page, and know of other causes.
  const cause = line.cause && queue.causes[line.cause];
  const detail = [cause, whenFree(line), queue.next].filter(Boolean).join(' ');
  return { title, detail, said: cause ? `${title}. ${cause}` : title };
}

function whenFree({ earliestSeconds, expectedSeconds, latestSeconds }: Queue): string {
  const { queue } = texts;
  if (expectedSeconds !== undefined) {
    const to = roughly(expectedSeconds);
    // Where the range begins so early, its end is all that helps.
    const isOpen = earliestSeconds !== undefined && earliestSeconds < expectedSeconds / 4;
    if (isOpen) return queue.within(to);
    const from = roughly(earliestSeconds ?? expectedSeconds);
    if (from === to) return queue.about(to);
    const [number, unit] = from.split(' ');
    return queue.between(to.endsWith(` ${unit}`) ? number! : from, to);
  }
  return latestSeconds === undefined ? queue.unknown : queue.latest(roughly(latestSeconds));
}

// From the first failure on it stays, also while an attempt is under way: what comes and goes cannot be read.
function countdown({ doing, failures }: State): Pick<Message, 'until' | 'button'> {
  if (failures === 0) return {};
  return { until: doing?.at === 'pause' ? doing.until : 0, button: { label: texts.now, sends: 'go' } };
}

/** The words of a countdown with `ms` left. */
export const countdownText = (ms: number): string =>
  ms > 0 ? texts.tryingAgain(Math.ceil(ms / 1_000)) : `${texts.trying} …`;
