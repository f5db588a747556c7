// Wires the page: what is on the screen, one session, and a terminal in a pod.

import { blockedAfter } from '../common/route.ts';
import { baseUrl } from './base.ts';
import {
  claim,
  findBarrier,
  firstClaim,
  isGuest,
  isIdKept,
  knownBarrier,
  leave,
  ownPage,
  pool,
  relayQuery,
  run,
} from './claim.ts';
import { endpointOf } from './endpoint.ts';
import { ownTerminals } from './own-terminals.ts';
import { createScreen } from './screen.ts';
import { runSession } from './session/run-session.ts';
import { type Event, isDetour, runIsOver, type State } from './session/state.ts';
import { canKeep, stored } from './session/storage.ts';
import { createCompany } from './sharing/company.ts';
import { endLinks, makeLink } from './sharing/links.ts';
import { createAttachment } from './terminal/attach.ts';
import { sayReplaced, texts } from './texts.ts';
import { timeOf } from './view/time-of.ts';

const company = createCompany();

const screen = createScreen({
  send({ type }) {
    if (type === 'reload') location.reload();
    // What is over cannot be started again by this page.
    else if (type === 'renew' && isRunOver(session.state())) location.assign(ownPage);
    else session.send({ type });
  },
  identity: () => session.state().known ?? '',
  finder: {
    find: (wanted) => attachment.search(wanted),
    leave: () => attachment.leaveSearch(),
  },
  requestWindow: (request) => attachment.window(request),
  scroll: (position) => attachment.scroll(position),
  own: {
    terminals: ownTerminals,
    shown: () => opened(session.state()),
    onRestart: (wanted) => {
      restarting = wanted;
    },
  },
  sharing: {
    company,
    links: isGuest ? undefined : { make: (wish) => makeLink(wish, pool), end: () => endLinks(pool) },
  },
});
const { terminal, bar, tab, status, notice, welcome } = screen;
const attachment = createAttachment(screen, {
  onUnsent: status.nudge,
  modify: screen.modify,
  onHistory: screen.history,
  onWindows: screen.windows.show,
  company,
});

// Lasts as long as the tab: a reload goes by the relay at once, and the next visit tries the direct way again.
const blocked = stored('warmterm-blocked');

// Lasts as long as the tab, so that it is said once.
const warned = stored('warmterm-forgetful');

let first: Promise<Event> | undefined = firstClaim;

// The visitor ends the terminal to have a new one.
let restarting = false;

// Until the bar has something to say about the terminal's end.
let looking: ReturnType<typeof setTimeout> | undefined;

const session = runSession({
  claim(signal, known) {
    const answer = first ?? claim(signal, known);
    first = undefined;
    return answer;
  },
  solve: solveChallenge,
  attach(to, send, signal) {
    const endpoint = endpointOf(to, { base: baseUrl(), query: relayQuery() });
    const barrier = knownBarrier(endpoint.url);
    if (barrier) send({ type: 'barred', by: barrier });
    else
      attachment.attach({ endpoint, ticket: to.opened.ticket, run }, heedBarrier(endpoint.url, heedRun(send)), signal);
  },
  onState: show,
  now: Date.now,
  chance: Math.random,
  missed: blocked.get() === undefined ? 0 : blockedAfter,
});

function opened(state: State) {
  return state.is === 'connected' ? state.doing.opened : undefined;
}

const isRunOver = (state: State): boolean =>
  run !== null && (state.is === 'ended' || (state.is === 'error' && state.why.code === 'run-over'));

// The terminal is there, and has no such run to show.
const heedRun = (send: (event: Event) => void) => (event: Event) =>
  send(run !== null && event.type === 'refused' && event.why.code === 'session-not-found' ? runIsOver : event);

// A connection that fails says nothing of why: the browser may not have let it out.
function heedBarrier(url: string, send: (event: Event) => void): (event: Event) => void {
  let opened = false;
  return (event) => {
    if (event.type !== 'disconnected' && event.type !== 'unanswered') opened = true;
    if (opened) return send(event);
    void findBarrier(url).then((by) => send(by ? { type: 'barred', by } : event));
  };
}

// Most visitors never need it.
async function solveChallenge(challenge: unknown, signal: AbortSignal): Promise<Event> {
  try {
    const { solve } = await import('./challenge/solve.ts');
    return { type: 'solved', solution: await solve(challenge, signal) };
  } catch {
    return { type: 'failed', why: { code: 'challenge-required', detail: '' }, retryable: true };
  }
}

function show(state: State, before: State | undefined): void {
  document.documentElement.dataset.state = state.is;
  status.show(state);
  bar.state(state.is, endsSoon(state));
  tab.state(state);
  notice.ending(state.is === 'connected' ? state.ending : undefined);
  if (state.is === 'ended' && state.reason === 'owner' && restarting)
    queueMicrotask(() => session.send({ type: 'renew' }));
  if (state.is === 'ended' || state.is === 'error') restarting = false;
  if (state.is !== 'connected' && state.is !== 'connecting') attachment.dropTypeAhead();
  if (state.is === before?.is) return;
  if (state.is === 'ended') screen.showLastLines();
  if (before?.is === 'connected') {
    notice.forget();
    welcome.hide();
  }
  if (state.is !== 'connected') return;
  terminal.focus();
  // A run is no terminal to work in, and a guest is in the terminal of another visitor.
  if (run === null && !isGuest) welcome.greet(state.doing.opened);
  const news = [noteWay(state), sayReplaced(state), isGuest ? undefined : noteForgetting()];
  if (news.some(Boolean)) notice.say(news.filter(Boolean).join(' '));
}

// In the last tenth of its lifetime the bar says when the terminal ends.
function endsSoon(state: State): string | undefined {
  clearTimeout(looking);
  const terminal = opened(state);
  if (!terminal) return undefined;
  const [from, to] = [terminal.claimedAt, terminal.expiresAt].map((time) => Date.parse(time)) as [number, number];
  const soonMs = to - (to - from) / 10 - Date.now();
  if (soonMs <= 0) return texts.terminals.endsAt(timeOf(terminal.expiresAt));
  // Browsers count no further than 24 days.
  if (soonMs < 2 ** 31) looking = setTimeout(() => show(session.state(), session.state()), soonMs);
  return undefined;
}

function noteWay(state: State): string | undefined {
  const detour = isDetour(state);
  const isNews = detour && blocked.get() === undefined;
  if (detour) blocked.set('yes');
  else blocked.clear();
  return isNews ? texts.relayed[state.barrier ?? 'network'] : undefined;
}

function noteForgetting(): string | undefined {
  const words = !isIdKept() ? texts.idRemoved : canKeep() ? undefined : texts.forgetful;
  if (words === undefined || warned.get() !== undefined) return undefined;
  warned.set('yes');
  return words;
}

// A reload has the place again; whoever closes the page lets the others go ahead at once.
addEventListener('pagehide', () => {
  if (session.state().is === 'queued') leave();
});

// Another network: a connection of the former one is dead, though it may not know it yet.
addEventListener('online', () => session.send({ type: 'woken' }));
// A person who comes back to this page wants it now. Browsers put pages to sleep that nobody looks at, and phones all.
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState !== 'visible') return;
  if (session.state().is !== 'connected' || attachment.isSilent()) session.send({ type: 'woken' });
});
