import test from 'ava';
import { runSession, type SessionPorts } from '../../../frontend/session/run-session.ts';
import type { Event, State } from '../../../frontend/session/state.ts';

const opened: Event = {
  type: 'opened',
  opened: {
    name: 'default-0',
    url: 'http://192.0.2.7:30123',
    relay: 'fallback',
    claimedAt: '2026-01-01T09:00:00Z',
    expiresAt: '2026-01-01T15:00:00Z',
    idleTimeoutMs: 900_000,
    status: 'new',
    ticket: 'ticket',
  },
};

function run(ports: Partial<SessionPorts>) {
  const states: string[] = [];
  const attached: { send: (event: Event) => void; signal: AbortSignal }[] = [];
  const session = runSession({
    claim: async () => opened,
    solve: async () => ({ type: 'solved', solution: {} }),
    attach: (_opened, send, signal) => {
      attached.push({ send, signal });
    },
    onState: (state: State) => states.push(`${state.is} ${state.doing?.at ?? ''}`.trim()),
    now: () => 0,
    chance: () => 0,
    missed: 0,
    ...ports,
  });
  return { session, states, attached };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('session: claims, attaches, and reports its states', async (t) => {
  const { states, attached } = run({});
  await turn();
  attached[0]?.send({ type: 'attached' });
  t.deepEqual(states, ['connecting claim', 'connecting attach', 'connected attach']);
});

test('session: solves a challenge, and repeats the claim with the solution', async (t) => {
  const given: unknown[] = [];
  const { states } = run({
    claim: async (_signal, { solution }) => {
      given.push(solution);
      if (solution) return opened;
      return { type: 'challenged', challenge: { ask: 7 }, why: { code: 'challenge-required', detail: '' } };
    },
    solve: async (challenge) => ({ type: 'solved', solution: { challenge, answer: 49 } }),
  });
  for (let turns = 0; turns < 3; turns++) await turn();
  t.deepEqual(given, [undefined, { challenge: { ask: 7 }, answer: 49 }]);
  t.deepEqual(states, ['connecting claim', 'connecting solve', 'connecting claim', 'connecting attach']);
});

test('session: being attached starts no new action, and the connection stays', async (t) => {
  const { attached } = run({});
  await turn();
  attached[0]?.send({ type: 'attached' });
  t.is(attached.length, 1);
  t.false(attached[0]?.signal.aborted);
});

test('session: after a drop, closes and ignores the old connection, and opens a new one', async (t) => {
  const { states, attached } = run({ now: () => 10_000 });
  await turn();
  attached[0]?.send({ type: 'attached' });
  attached[0]?.send({ type: 'disconnected' });
  t.true(attached[0]?.signal.aborted);
  await turn();
  attached[0]?.send({ type: 'ended', reason: 'exit' });
  t.is(attached.length, 2);
  t.is(states.at(-1), 'reconnecting attach');
});

test('session: ignores the late answer to an abandoned claim', async (t) => {
  const answers: ((event: Event) => void)[] = [];
  const { session, states } = run({ claim: () => new Promise((resolve) => answers.push(resolve)) });
  session.send({ type: 'ended', reason: 'deleted' });
  answers[0]?.(opened);
  await turn();
  t.is(states.at(-1), 'ended');
});

test('session: a pause ends by itself', async (t) => {
  let claims = 0;
  const { states, session } = run({
    claim: async () => {
      claims += 1;
      if (claims > 1) return opened;
      return { type: 'failed', why: { code: 'unavailable', detail: '' }, retryable: true, retryAfter: 0 };
    },
    attach: (_opened, send) => send({ type: 'attached' }),
  });
  while (session.state().is !== 'connected') await turn();
  t.deepEqual(states, ['connecting claim', 'waiting pause', 'waiting claim', 'waiting attach', 'connected attach']);
});
