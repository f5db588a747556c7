import test from 'ava';
import type { Opened } from '../../../common/terminals-api.ts';
import { next } from '../../../frontend/session/next.ts';
import { type Event, identityOf, type State, start } from '../../../frontend/session/state.ts';

const now = 1_000_000;
const moment = { now, chance: 1 };

const opened = (name = 'default-0', claimedAt = '2026-01-01T09:00:00Z'): Opened => ({
  name,
  url: 'http://192.0.2.7:30123',
  claimedAt,
  expiresAt: '2026-01-01T15:00:00Z',
  idleTimeoutMs: 900_000,
  status: 'new',
  ticket: 'ticket',
});

const memory = { known: undefined, failures: 0, refusals: 0 };
const known = identityOf(opened());
const claiming = start as State;
const attaching = { is: 'connecting', ...memory, doing: { at: 'attach', opened: opened() } } as State;
const connected: State = {
  is: 'connected',
  ...memory,
  known,
  doing: { at: 'attach', opened: opened() },
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
const exhausted: Event = { type: 'failed', why: { code: 'pool-exhausted', detail: 'all' }, retryable: true };
const refused: Event = { type: 'refused', why: { code: 'invalid-ticket', detail: '' } };

/** What matters of a state, in a line: name, what is being done, and for a pause how long. */
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
test('a failure for good is an error', becomes, claiming, { ...exhausted, retryable: false }, 'error');
test('a lost connection is sought again at once', becomes, connected, { type: 'disconnected' }, 'reconnecting, claim');
test(
  'a connection is never lost to a late answer',
  becomes,
  connected,
  { type: 'opened', opened: opened() },
  'connected, attach',
);
test('nobody waits out a pause who does not want to', becomes, pausing, { type: 'go' }, 'reconnecting, claim');
test('... but there is nothing to hurry while connected', becomes, connected, { type: 'go' }, 'connected, attach');
test('an end is an end', becomes, connected, { type: 'ended', reason: 'exit' }, 'ended');
test('... whatever the network does', becomes, ended, { type: 'disconnected' }, 'ended');
test('... and what comes after it is a fresh start', becomes, ended, { type: 'renew' }, 'connecting, claim');
test('an error is tried again when somebody asks', becomes, failed, { type: 'renew' }, 'connecting, claim');
test('... and not before', becomes, failed, { type: 'go' }, 'error');

test('pauses grow to five seconds, and stay there', (t) => {
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

test('somebody who never had a terminal is told after three attempts that there is no connection', (t) => {
  let state = claiming;
  const seen: string[] = [];
  for (let attempt = 0; attempt < 3; attempt++) {
    state = next(next(state, network, moment), { type: 'go' }, moment);
    seen.push(state.is);
  }
  t.deepEqual(seen, ['connecting', 'connecting', 'waiting']);
});

test('tickets refused again and again are an error, other failures in between or not', (t) => {
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

test('a terminal that drops us as soon as we are attached is not asked in a frenzy', (t) => {
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

test('inv 2: the same terminal after a drop is not announced, another one is, even under the same name', (t) => {
  const lost = next(connected, { type: 'disconnected' }, moment);
  const back = (terminal: Opened) =>
    next(next(lost, { type: 'opened', opened: terminal }, moment), { type: 'attached' }, moment);
  const isReplaced = (state: State) => state.is === 'connected' && state.replaced;
  t.false(isReplaced(back(opened())));
  t.true(isReplaced(back(opened('default-1'))));
  t.true(isReplaced(back(opened('default-0', '2026-01-01T10:00:00Z'))));
});

test('a countdown begins, and is off again', (t) => {
  const warned = next(connected, { type: 'ending', ending: { reason: 'idle', inMs: 60_000 } }, moment);
  t.deepEqual(warned.is === 'connected' && warned.ending, { reason: 'idle', at: now + 60_000 });
  const saved = next(warned, { type: 'ending', ending: null }, moment);
  t.is(saved.is === 'connected' ? saved.ending : 'not connected', undefined);
});

test('what means nothing changes nothing', (t) => {
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
