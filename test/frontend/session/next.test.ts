import test from 'ava';
import type { Route } from '../../../common/route.ts';
import { type Opened, type RelayMode, relayModes } from '../../../common/terminals-api.ts';
import { next } from '../../../frontend/session/next.ts';
import { type Event, identityOf, isDetour, type State, start } from '../../../frontend/session/state.ts';

const now = 1_000_000;
const moment = { now, chance: 1 };

const opened = (name = 'default-0', claimedAt = '2026-01-01T09:00:00Z'): Opened => ({
  name,
  url: 'http://192.0.2.7:30123',
  relay: 'never',
  claimedAt,
  expiresAt: '2026-01-01T15:00:00Z',
  idleTimeoutMs: 900_000,
  status: 'new',
  ticket: 'ticket',
});

const memory = { known: undefined, failures: 0, refusals: 0, missed: 0 };
const known = identityOf(opened());
const claiming = start(0);
const attaching = {
  is: 'connecting',
  ...memory,
  doing: { at: 'attach', opened: opened(), route: 'direct', patienceMs: 1_200 },
} as State;
const connected: State = {
  is: 'connected',
  ...memory,
  known,
  doing: { at: 'attach', opened: opened(), route: 'direct', patienceMs: 1_200 },
  since: now - 60_000,
  replaced: false,
  ending: undefined,
};
const pausing: State = {
  is: 'reconnecting',
  ...memory,
  known,
  failures: 3,
  doing: { at: 'pause', until: now + 1_000 },
};
const ended: State = { is: 'ended', ...memory, known, reason: 'idle' };
const failed: State = { is: 'error', ...memory, known, why: { code: 'internal', detail: '' } };

const network: Event = { type: 'failed', why: { code: 'unreachable', detail: '' }, retryable: true };
const exhausted: Event = { type: 'failed', why: { code: 'too-many-requests', detail: 'all' }, retryable: true };
const refused: Event = { type: 'refused', why: { code: 'invalid-ticket', detail: '' } };

const why = { code: 'challenge-required', detail: '' } as const;
const challenged: Event = { type: 'challenged', challenge: { ask: 1 }, why, retryAfter: 15 };
const solved: Event = { type: 'solved', solution: { answer: 1 } };
const solving = next(claiming, challenged, moment);
const solvedOnce = next(solving, solved, moment);

/** The relevant parts of a state, in a line: name, activity, and for a pause its length. */
function inWords(state: State): string {
  const { doing } = state;
  if (!doing) return state.is;
  return `${state.is}, ${doing.at}${doing.at === 'pause' ? ` ${doing.until - now}` : ''}`;
}

const becomes = test.macro({
  exec(t, state: State, event: Event, expected: string) {
    t.is(inWords(next(state, event, moment)), expected);
  },
  title: (name = '') => name,
});

test(
  'an answer to the claim is attached to',
  becomes,
  claiming,
  { type: 'opened', opened: opened() },
  'connecting, attach',
);
test('an attach is a connection', becomes, attaching, { type: 'attached' }, 'connected, attach');
test('the network fails once: connecting still', becomes, claiming, network, 'connecting, pause 250');
test('a failed attach asks for a new ticket', becomes, attaching, { type: 'disconnected' }, 'connecting, pause 250');
test('a full pool is waited for', becomes, claiming, exhausted, 'waiting, pause 250');
test('... as long as it says', becomes, claiming, { ...exhausted, retryAfter: 7 }, 'waiting, pause 7000');
test('in line it asks again at once, with the place', (t) => {
  const queue = { place: 3, waiting: 4, expectedSeconds: 60 };
  const state = next({ ...claiming, failures: 2 }, { type: 'queued', queue }, moment);
  t.like(state, { is: 'queued', doing: { at: 'claim', place: 3 }, queue: { ...queue, at: now }, failures: 0 });
  const further = next(state, { type: 'queued', queue: { place: 3, waiting: 9 } }, moment);
  t.not(further.doing, state.doing);
  t.is(inWords(next(state, { type: 'opened', opened: opened() }, moment)), 'connecting, attach');
});
test('... and stays there while the network is away for a moment', (t) => {
  const promised = { by: 9, position: 3, terminals: 4, on: 'sessions' } as const;
  let state = next(claiming, { type: 'queued', queue: { place: 3, waiting: 4, promised } }, moment);
  const seen: string[] = [];
  for (let attempt = 0; attempt < 3; attempt++) {
    state = next(state, network, moment);
    seen.push(inWords(state));
    state = next(state, { type: 'go' }, moment);
    t.deepEqual(state.doing, { at: 'claim' }, 'which place it is now is to be told at once');
    t.is(state.promised, promised);
  }
  t.deepEqual(seen, ['queued, pause 250', 'queued, pause 500', 'waiting, pause 1000']);
});
test('... but not when the pool is closed', (t) => {
  const state = next(claiming, { type: 'queued', queue: { place: 3, waiting: 4 } }, moment);
  const closed: Event = { type: 'failed', why: { code: 'pool-closed', detail: '' }, retryable: false };
  t.is(inWords(next(state, closed, moment)), 'error');
});
test('a challenge is solved at once', becomes, claiming, challenged, 'connecting, solve');
test('... also by whoever waits', becomes, next(pausing, { type: 'go' }, moment), challenged, 'reconnecting, solve');
test('... and the claim is repeated with what came of it', becomes, solving, solved, 'connecting, claim');
test('a solution that is not taken is no reason for a frenzy', becomes, solvedOnce, challenged, 'waiting, pause 15000');
test('... and after the pause the claim goes without it', (t) => {
  const again = next(next(solvedOnce, challenged, moment), { type: 'go' }, moment);
  t.is(inWords(next(again, challenged, moment)), 'waiting, solve');
});
test('what cannot be solved is tried again later', becomes, solving, { ...network }, 'connecting, pause 250');
test('a solution that nobody waits for changes nothing', becomes, connected, solved, 'connected, attach');
test('nor does a challenge', becomes, connected, challenged, 'connected, attach');
test('a failure for good is an error', becomes, claiming, { ...exhausted, retryable: false }, 'error');
test('a lost connection is sought again at once', becomes, connected, { type: 'disconnected' }, 'reconnecting, claim');
test(
  'a connection is never lost to a late answer',
  becomes,
  connected,
  { type: 'opened', opened: opened() },
  'connected, attach',
);
test('who wakes up seeks the terminal again at once', becomes, connected, { type: 'woken' }, 'reconnecting, claim');
test('... and does not wait out a pause', becomes, pausing, { type: 'woken' }, 'reconnecting, claim');
test('... nor for an answer that may have been lost', (t) => {
  const seeking: State = { ...pausing, doing: { at: 'claim' } };
  const state = next(seeking, { type: 'woken' }, moment);
  t.is(inWords(state), 'reconnecting, claim');
  t.not(state.doing, seeking.doing);
});
test('... but who waits for a first terminal keeps the place', (t) => {
  t.is(next(claiming, { type: 'woken' }, moment), claiming);
});
test('nobody waits out a pause who does not want to', becomes, pausing, { type: 'go' }, 'reconnecting, claim');
test('... but there is nothing to hurry while connected', becomes, connected, { type: 'go' }, 'connected, attach');
test('an end is an end', becomes, connected, { type: 'ended', reason: 'exit' }, 'ended');
test('... whatever the network does', becomes, ended, { type: 'disconnected' }, 'ended');
test('... and what comes after it is a fresh start', becomes, ended, { type: 'renew' }, 'connecting, claim');
test('an error is tried again when somebody asks', becomes, failed, { type: 'renew' }, 'connecting, claim');
test('... and not before', becomes, failed, { type: 'go' }, 'error');

test('next: pauses grow to five seconds', (t) => {
  let state: State = { ...pausing, failures: 0, doing: { at: 'claim' } };
  const seen: string[] = [];
  for (let attempt = 0; attempt < 8; attempt++) {
    state = next(state, network, moment);
    seen.push(inWords(state));
    state = next(state, { type: 'go' }, moment);
  }
  t.deepEqual(
    seen,
    [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000].map((ms) => `reconnecting, pause ${ms}`),
  );
});

test('next: a new visitor sees "no connection" after three failed attempts', (t) => {
  let state = claiming;
  const seen: string[] = [];
  for (let attempt = 0; attempt < 3; attempt++) {
    state = next(next(state, network, moment), { type: 'go' }, moment);
    seen.push(state.is);
  }
  t.deepEqual(seen, ['connecting', 'connecting', 'waiting']);
});

test('next: a terminal that is temporarily unavailable is retried, and never ends the page', (t) => {
  const unavailable: Event = { type: 'refused', why: { code: 'unavailable', detail: '' } };
  let state: State = attaching;
  for (let time = 0; time < 6; time++) {
    state = { ...next(state, unavailable, moment), doing: attaching.doing } as State;
    t.is(state.refusals, 0);
    t.is(state.is, time < 2 ? 'connecting' : 'waiting');
  }
  t.like(state, { why: { code: 'unavailable' } });
});

test('next: repeatedly refused tickets are an error, with or without other failures in between', (t) => {
  let state = attaching;
  const seen: string[] = [];
  for (const event of [refused, network, refused, refused, network, refused]) {
    state = next(state, event, moment);
    seen.push(state.is);
    state = next(next(state, { type: 'go' }, moment), { type: 'opened', opened: opened() }, moment);
  }
  t.is(seen.at(-1), 'error');
  t.false(seen.slice(0, -1).includes('error'));
});

test('next: backs off from a terminal that disconnects right after the attach', (t) => {
  let state: State = connected;
  const seen: string[] = [];
  for (let attempt = 0; attempt < 4; attempt++) {
    state = next(state, { type: 'disconnected' }, moment);
    seen.push(inWords(state));
    for (const event of [{ type: 'go' }, { type: 'opened', opened: opened() }, { type: 'attached' }] as const) {
      state = next(state, event, moment);
    }
  }
  t.deepEqual(seen, [
    'reconnecting, claim',
    'reconnecting, claim',
    'reconnecting, pause 500',
    'reconnecting, pause 1000',
  ]);
});

test('inv 2: next: announces another terminal after a drop, even of the same name, and not the same one', (t) => {
  const lost = next(connected, { type: 'disconnected' }, moment);
  const back = (terminal: Opened) =>
    next(next(lost, { type: 'opened', opened: terminal }, moment), { type: 'attached' }, moment);
  const isReplaced = (state: State) => state.is === 'connected' && state.replaced;
  t.false(isReplaced(back(opened())));
  t.is(isReplaced(back(opened('default-1'))), 'terminal');
  t.is(isReplaced(back(opened('default-0', '2026-01-01T10:00:00Z'))), 'terminal');
});

test('next: the end of the former terminal is reported with the new one, if it was that one', (t) => {
  const lost = next(connected, { type: 'disconnected' }, moment);
  const back = (former: Opened['former']) =>
    next(
      next(lost, { type: 'opened', opened: { ...opened('default-1'), former } }, moment),
      { type: 'attached' },
      moment,
    );
  const idle = { name: 'default-0', claimedAt: '2026-01-01T09:00:00Z', reason: 'idle', idleMs: 900_000 } as const;
  t.like(back(idle), { is: 'connected', replaced: 'terminal', former: idle });
  t.like(back({ ...idle, claimedAt: '2025-12-31T09:00:00Z' }), { replaced: 'terminal', former: undefined });
  t.like(back(undefined), { replaced: 'terminal', former: undefined });
  const first = next(claiming, { type: 'opened', opened: { ...opened(), former: idle } }, moment);
  t.like(next(first, { type: 'attached' }, moment), { replaced: false, former: undefined });
});

test('next: announces the same pod after a restart of its server', (t) => {
  const attachedTo = (state: State, run?: string) => {
    const claimed = next(next(state, { type: 'disconnected' }, moment), { type: 'opened', opened: opened() }, moment);
    return next(claimed, { type: 'attached', run }, moment);
  };
  const isReplaced = (state: State) => state.is === 'connected' && state.replaced;
  const first = attachedTo(connected, 'one');
  t.false(isReplaced(first), 'one that never said which run it is may be the same');
  t.false(isReplaced(attachedTo(first, 'one')));
  t.is(isReplaced(attachedTo(first, 'two')), 'run');
});

test('next: a session that is over saves first, then ends, also for a late visitor', (t) => {
  const saving: Event = { type: 'saving', saving: { reason: 'idle', output: '' } };
  const more: Event = { type: 'saving', saving: { reason: 'idle', output: 'pushing' } };
  const saved = { result: 'saved', exitCode: 0, output: 'pushed' } as const;
  for (const before of [connected, attaching]) {
    const state = next(next(before, saving, moment), more, moment);
    t.is(state.is === 'saving' && state.saving.output, 'pushing');
    for (const event of [{ type: 'unanswered' }, { type: 'go' }, { type: 'renew' }] as const) {
      t.is(next(state, event, moment), state, event.type);
    }
    t.like(next(state, { type: 'ended', reason: 'idle', saved }, moment), { is: 'ended', reason: 'idle', saved });
  }
  t.is(inWords(next(next(connected, saving, moment), { type: 'disconnected' }, moment)), 'reconnecting, pause 250');
});

/** The messages to a visitor whose attaches all fail, one after another, without repetitions. */
function blameOf(relay: RelayMode, relayProblem: Opened['relayProblem'], event: Event): string[] {
  const blamed: string[] = [];
  let state: State = claiming;
  for (let turn = 0; turn < 40; turn++) {
    state = next(
      next(state, { type: 'go' }, moment),
      { type: 'opened', opened: { ...opened(), relay, relayProblem } },
      moment,
    );
    state = next(state, event, moment);
    if (state.is === 'waiting' && blamed.at(-1) !== state.why.code) blamed.push(state.why.code);
  }
  return blamed;
}

test('next: names the obstacle to unreachable addresses, and keeps the message while it lasts', (t) => {
  const dropped = {
    code: 'upgrade-required',
    detail: 'A WebSocket request arrived without the header Upgrade.',
  } as const;
  const unreached = { code: 'unavailable', detail: 'The terminal cannot be reached.' } as const;
  for (const event of [{ type: 'unanswered' }, { type: 'disconnected' }] as const) {
    t.deepEqual(blameOf('never', undefined, event), ['blocked']);
    for (const relay of ['always', 'fallback'] as const) {
      t.deepEqual(blameOf(relay, undefined, event), ['no-websocket']);
      t.deepEqual(blameOf(relay, dropped, event), ['no-websocket']);
      t.deepEqual(blameOf(relay, unreached, event), ['unavailable']);
    }
  }
});

test('next: shows the webserver’s note on the relay with a failure, and drops it once attached', (t) => {
  const relayProblem = { code: 'unavailable', detail: 'The terminal cannot be reached.' } as const;
  let state: State = { ...by('always', 'relay'), failures: 2, relayProblem };
  t.like(next(state, { type: 'disconnected' }, moment), { is: 'waiting', why: relayProblem });
  state = next(state, { type: 'attached' }, moment);
  t.is(state.relayProblem, undefined);
});

for (const barrier of ['policy', 'insecure', 'local-network'] as const) {
  test(`next: barred by the browser (${barrier}): uses the relay at once with the same ticket, or reports it without one`, (t) => {
    const event = { type: 'barred', by: barrier } as const;
    const state = next(by('fallback', 'direct'), event, moment);
    t.like(state, {
      is: 'connecting',
      missed: 2,
      barrier,
      doing: { at: 'attach', route: 'relay', opened: { ticket: 'ticket' } },
    });
    t.like(next(state, { type: 'attached' }, moment), { is: 'connected', barrier });
    t.like(next(by('never', 'direct'), event, moment), { is: 'waiting', why: { code: barrier } });
    t.like(next(by('always', 'relay'), event, moment), { is: 'waiting', why: { code: barrier } });
    t.is(next(connected, event, moment), connected);
  });
}

test('next: a countdown begins, and is cancelled', (t) => {
  const warned = next(connected, { type: 'ending', ending: { reason: 'idle', inMs: 60_000 } }, moment);
  t.deepEqual(warned.is === 'connected' && warned.ending, { reason: 'idle', at: now + 60_000 });
  const saved = next(warned, { type: 'ending', ending: null }, moment);
  t.is(saved.is === 'connected' ? saved.ending : 'not connected', undefined);
});

test('next: irrelevant events change nothing', (t) => {
  for (const [state, event] of [
    [claiming, { type: 'attached' }],
    [claiming, { type: 'ending', ending: null }],
    [connected, { type: 'renew' }],
    [connected, { type: 'attached' }],
    [ended, { type: 'attached' }],
    [failed, { type: 'opened', opened: opened() }],
    [pausing, { type: 'opened', opened: opened() }],
  ] as [State, Event][]) {
    t.is(next(state, event, moment), state);
  }
});

const by = (relay: RelayMode, route: Route, missed = 0): State => ({
  ...(attaching as Extract<State, { is: 'connecting' }>),
  missed,
  doing: { at: 'attach', opened: { ...opened(), relay }, route, patienceMs: 1_200 },
});
const unanswered: Event = { type: 'unanswered' };
const turnedAway: Event = { type: 'disconnected' };

/** The state, and the route of the current attach. */
function andThen(state: State, relay: RelayMode = 'fallback'): string {
  const claimed = next(state, { type: 'go' }, moment);
  const { doing } = next(claimed, { type: 'opened', opened: { ...opened(), relay } }, moment);
  return `${inWords(state)}, then ${doing?.at === 'attach' ? doing.route : doing?.at}`;
}

const leadsTo = test.macro({
  exec(t, state: State, event: Event, expected: string) {
    t.is(andThen(next(state, event, moment)), expected);
  },
  title: (name = '') => name,
});

const direct = by('fallback', 'direct');
test(
  'silence on the direct way: another connection, at once',
  leadsTo,
  direct,
  unanswered,
  'connecting, claim, then direct',
);
test(
  '... twice: the relay, at once',
  leadsTo,
  by('fallback', 'direct', 1),
  unanswered,
  'connecting, claim, then relay',
);
test(
  'turned away on the direct way once: it may be moving',
  leadsTo,
  direct,
  turnedAway,
  'connecting, pause 250, then direct',
);
test(
  '... and twice: the relay, at once',
  leadsTo,
  by('fallback', 'direct', 1),
  turnedAway,
  'connecting, claim, then relay',
);
test(
  'where the relay leads nowhere either, it was not for the way',
  leadsTo,
  by('fallback', 'relay', 2),
  unanswered,
  'connecting, pause 250, then direct',
);
test(
  'a lost connection is sought by the way that it came',
  leadsTo,
  next(by('fallback', 'relay', 2), { type: 'attached' }, { ...moment, now: now - 60_000 }),
  turnedAway,
  'reconnecting, claim, then relay',
);
test(
  '... and one that came directly is sought there, whatever was before',
  leadsTo,
  next(by('fallback', 'direct', 1), { type: 'attached' }, { ...moment, now: now - 60_000 }),
  turnedAway,
  'reconnecting, claim, then direct',
);
test(
  'a new terminal is sought by the way that is known',
  leadsTo,
  next(next(by('fallback', 'relay', 2), { type: 'ended', reason: 'exit' }, moment), { type: 'renew' }, moment),
  { type: 'go' },
  'connecting, claim, then relay',
);
test(
  'where there is no relay, silence is a failure',
  leadsTo,
  by('never', 'direct'),
  unanswered,
  'connecting, pause 250, then direct',
);

test('next: an initial obstacle to the direct route counts, if there is another route', (t) => {
  const routes = (missed: number) => relayModes.map((relay) => andThen(start(missed), relay).replace(/.* /, ''));
  t.deepEqual(routes(0), ['direct', 'relay', 'direct']);
  t.deepEqual(routes(2), ['relay', 'relay', 'direct']);
});

test('next: an answer of the terminal proves the direct route, even a refusal', (t) => {
  const answered = [refused, { type: 'attached' } as const].map((event) =>
    next(by('fallback', 'direct', 1), event, moment),
  );
  t.deepEqual(
    answered.map(({ missed }) => missed),
    [0, 0],
  );
  t.is(next(by('fallback', 'relay', 2), refused, moment).missed, 2);
});

test('next: the relay counts as a detour only after a direct attempt', (t) => {
  const detours = [by('fallback', 'relay', 2), by('always', 'relay'), by('fallback', 'direct', 1)].map((state) =>
    isDetour(next(state, { type: 'attached' }, moment)),
  );
  t.deepEqual(detours, [true, false, false]);
  t.false(isDetour(by('fallback', 'relay', 2)));
});

test('next: an existing connection is kept despite a slow answer', (t) => {
  t.is(next(connected, unanswered, moment), connected);
});
