// Wires the page: one terminal, one session, and what is said about it.

import { claim, firstClaim, leave, relayQuery } from './claim.ts';
import { endpointOf } from './endpoint.ts';
import { runSession } from './session/run-session.ts';
import { type Event, isDetour, type State } from './session/state.ts';
import { stored } from './session/storage.ts';
import { blockedAfter } from './session/way.ts';
import { createAttachment } from './terminal/attach.ts';
import { createTerminal } from './terminal/create-terminal.ts';
import { bindKeys } from './terminal/keys.ts';
import { pageTitle, queueTitle } from './terminal/title.ts';
import { product, texts } from './texts.ts';
import { createNotice } from './view/notice.ts';
import { createStatusView } from './view/status.ts';

const root = document.documentElement;
const body = document.body;
const view = createTerminal(document.getElementById('terminal') ?? body);
const { terminal } = view;
const status = createStatusView(body, (event) => session.send(event));
const notice = createNotice(body, () => terminal.focus());
const attachment = createAttachment(view, status.nudge);

// Lasts as long as the tab: a reload goes by the relay at once, and the next visit tries the direct way again.
const blocked = stored('warmterm-blocked');

let first: Promise<Event> | undefined = firstClaim;

const session = runSession({
  claim(signal, known) {
    const answer = first ?? claim(signal, known);
    first = undefined;
    return answer;
  },
  solve: solveChallenge,
  attach(to, send, signal) {
    const endpoint = endpointOf(to, { origin: location.origin, query: relayQuery });
    attachment.attach({ endpoint, ticket: to.opened.ticket }, send, signal);
  },
  onState: show,
  now: Date.now,
  chance: Math.random,
  missed: blocked.get() === undefined ? 0 : blockedAfter,
});

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
  root.dataset.state = state.is;
  status.show(state);
  notice.ending(state.is === 'connected' ? state.ending : undefined);
  if (state.is !== 'connected' && state.is !== 'connecting') attachment.dropTypeAhead();
  if (state.is === 'queued') document.title = queueTitle(state.queue);
  else if (before?.is === 'queued') document.title = product;
  if (state.is === before?.is) return;
  if (before?.is === 'connected') notice.forget();
  if (state.is === 'connected') {
    terminal.focus();
    noteWay(isDetour(state));
    if (state.replaced) notice.say(texts.replaced[state.replaced]);
  } else if (state.is === 'ended') {
    document.title = product;
  }
}

function noteWay(detour: boolean): void {
  if (detour && blocked.get() === undefined) notice.say(texts.relayed);
  if (detour) blocked.set('yes');
  else blocked.clear();
}

terminal.onTitleChange((title) => {
  document.title = pageTitle(title);
});
terminal.onData(notice.read);
bindKeys(terminal, () => void openSearch());

let openSearchBox: (() => void) | undefined;
async function openSearch(): Promise<void> {
  const { createSearchBox } = await import('./view/search-box.ts');
  openSearchBox ??= createSearchBox(body, terminal);
  openSearchBox();
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
