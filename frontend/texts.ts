// Every word that the page says, in one place.

import type { EndReason, Saved } from '../common/socket.ts';
import type { Failure } from './session/state.ts';

export const product = 'warmterm';

export const texts = {
  connecting: 'Connecting',
  reconnecting: 'Reconnecting',
  /** While there is no way to send keys. */
  notSent: 'Not connected: keys are not sent',
  tryingAgain: (seconds: number) => `Trying again in ${duration(seconds)}`,
  trying: 'Trying again',
  now: 'Try now',
  replaced: {
    terminal: 'Your former terminal has died, or its machine has. This is a new one.',
    run: 'Your terminal has died and was started again: its programs are lost, your files are here.',
  },
  relayed: 'This network blocks the direct way to your terminal. It is relayed, and works as well.',
  queue: {
    title: (place: number) => (place === 1 ? 'You are next' : `You are number ${place} in line`),
    short: (place: number) => (place === 1 ? 'Next' : `Number ${place}`),
    expected: (seconds: number) => `A terminal should be free in about ${roughly(seconds)}.`,
    latest: (seconds: number) => `A terminal is free in ${roughly(seconds)} at the latest.`,
    unknown: 'All terminals are in use.',
    next: 'Keep this page open: yours starts here by itself.',
  },
  startNew: 'Start a new terminal',
  tryAgain: 'Try again',
  solving: {
    title: 'One moment',
    detail: 'Many terminals were opened from your network: your browser does a little work for this one.',
  },
  orEnter: 'or press Enter',
  idle: (seconds: number) => `Still there? This terminal closes in ${duration(seconds)}. Type anything to stay.`,
  lifetime: (seconds: number) => `The time of this terminal is up in ${duration(seconds)}. Save what you need.`,
  idleSoon: 'Still there? This terminal closes soon. Type anything to stay.',
  lifetimeSoon: 'The time of this terminal is up soon. Save what you need.',
  dismiss: 'Hide',
  search: {
    label: 'Find in the terminal',
    previous: 'Previous match',
    next: 'Next match',
    close: 'Close',
    none: 'No match',
  },
} as const;

/** What a session's end means to the one who had it. */
export const endings: Record<EndReason, { title: string; detail: string }> = {
  exit: { title: 'The shell has ended', detail: 'Nothing is running any more.' },
  idle: { title: 'This terminal was idle', detail: 'It was closed to make room for others.' },
  lifetime: { title: 'Time is up', detail: 'This terminal has reached its longest lifetime.' },
  processes: { title: 'Too many processes', detail: 'Everything in this terminal was ended, to spare the others.' },
  owner: { title: 'You have ended this terminal', detail: 'It was ended from this browser, perhaps in another tab.' },
  administrator: { title: 'This terminal was ended', detail: 'An administrator ended it, or the cluster did.' },
  deleted: { title: 'This terminal was closed', detail: 'Somebody ended it, or its machine is going down.' },
};

/** What is said while the hook saves the visitor's work, and what came of it. */
export const saving = {
  title: 'Your work is being saved',
  result: ({ result, exitCode }: Saved) => {
    if (result === 'saved') return 'Your work was saved.';
    if (result === 'timed-out') return 'Saving your work took too long, and was stopped.';
    return `Saving your work has failed${exitCode === undefined ? '' : ` (exit code ${exitCode})`}.`;
  },
  output: 'What was printed while saving',
} as const;

/** Why there is no terminal: the title says it, the detail what it means. */
export function explain({ code, detail }: Failure): { title: string; detail: string } {
  const known = failures[code];
  return { title: known?.title ?? 'Something went wrong', detail: known?.detail ?? detail };
}

const failures: Partial<Record<Failure['code'], { title: string; detail?: string }>> = {
  'pool-closed': { title: 'This pool is closed', detail: 'It takes nobody in any more.' },
  'challenge-required': { title: 'Your network is busy', detail: 'Many terminals were opened from it.' },
  'too-many-requests': { title: 'Too many at once' },
  unavailable: { title: 'Terminals are not available right now', detail: 'This is on our side, and passes as a rule.' },
  timeout: { title: 'This takes longer than usual', detail: 'There was no answer in time.' },
  conflict: { title: 'Somebody else was quicker', detail: 'There will be another terminal.' },
  blocked: {
    title: 'The way to your terminal is blocked',
    detail: 'A firewall may be in the way: try another network.',
  },
  unreachable: { title: 'No connection', detail: 'The network is down, or in the way.' },
  'invalid-ticket': { title: 'The terminal does not let us in', detail: 'Its address may belong to another one.' },
  forbidden: { title: 'This is not allowed' },
  'not-found': { title: 'There is no such terminal' },
  'invalid-request': { title: 'This request makes no sense' },
  internal: { title: 'Something went wrong', detail: 'This is on our side.' },
};

/** Seconds as people say them: `45 s`, `2 min`, `1 min 30 s`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  if (whole < 60) return `${whole} s`;
  const rest = whole % 60;
  return `${Math.floor(whole / 60)} min${rest === 0 ? '' : ` ${rest} s`}`;
}

/** Seconds as nobody is sure of them: `10 s`, `4 min`, `2 h`. */
function roughly(seconds: number): string {
  if (seconds < 55) return `${Math.max(1, Math.ceil(seconds / 10)) * 10} s`;
  const minutes = Math.ceil(seconds / 60 - 0.1);
  return minutes < 60 ? `${minutes} min` : `${Math.ceil(minutes / 60 - 0.1)} h`;
}
