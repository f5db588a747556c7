import { createHook } from 'node:async_hooks';
import { getEventListeners } from 'node:events';
import test from 'ava';
import { solveProofOfWork } from '../../../frontend/challenge/proof-of-work.ts';
import { createProofOfWork } from '../../../webserver/challenge/proof-of-work.ts';

const secret = 'a secret of more than thirty-two bytes';
type Payload = Awaited<ReturnType<typeof solved>>;

function start({ secrets = [secret] as [string, ...string[]], clock = Date.now, work = 4, now = 0 } = {}) {
  return createProofOfWork({ secrets, work, clock, random: () => 0.5, monotonic: () => now });
}

/** A challenge for `visitor` with its solution, as the page sends them. */
async function solved(challenges: ReturnType<typeof start>, visitor = 'ann') {
  // JSON, as between webserver and page.
  const challenge = JSON.parse(JSON.stringify(await challenges.issue(visitor, 'a network')));
  return JSON.parse(
    JSON.stringify(await solveProofOfWork(challenge, async () => {}, new AbortController().signal)),
  ) as {
    challenge: { parameters: Record<string, unknown> & { data: Record<string, unknown> }; signature: string };
    solution: { counter: number; derivedKey: string };
  };
}

test('proof-of-work: accepts the page’s solution once', async (t) => {
  const challenges = start();
  const payload = await solved(challenges);
  t.true(await challenges.redeem('ann', payload));
  t.false(await challenges.redeem('ann', payload));
  t.true(await challenges.redeem('ann', await solved(challenges)));
});

test('proof-of-work: accepts one of two simultaneous copies of a solution', async (t) => {
  const challenges = start();
  const payload = await solved(challenges);
  const taken = await Promise.all([1, 2, 3].map(() => challenges.redeem('ann', payload)));
  t.is(taken.filter(Boolean).length, 1);
});

test('proof-of-work: refuses the solution of another visitor', async (t) => {
  const challenges = start();
  const payload = await solved(challenges);
  t.false(await challenges.redeem('bob', payload));
  payload.challenge.parameters.data.visitor = 'bob';
  t.false(await challenges.redeem('bob', payload));
});

test('proof-of-work: a challenge expires after five minutes', async (t) => {
  let now = Date.now();
  const challenges = start({ clock: () => now });
  const payload = await solved(challenges);
  now += 5 * 60_000 + 1_000;
  t.false(await challenges.redeem('ann', payload));
  now -= 2_000;
  t.true(await challenges.redeem('ann', payload));
});

const forgeries: [what: string, forge: (payload: Payload) => unknown][] = [
  ['an easier challenge', ({ challenge, ...rest }) => ({ ...rest, challenge: change(challenge, { cost: 1 }) })],
  ['a later end', ({ challenge, ...rest }) => ({ ...rest, challenge: change(challenge, { expiresAt: 9e9 }) })],
  ['no end', ({ challenge, ...rest }) => ({ ...rest, challenge: change(challenge, { expiresAt: undefined }) })],
  ['a key of no work', ({ challenge, ...rest }) => ({ ...rest, challenge: change(challenge, { keySignature: '' }) })],
  ['another signature', (payload) => ({ ...payload, challenge: { ...payload.challenge, signature: '0'.repeat(64) } })],
  ['no signature', (payload) => ({ ...payload, challenge: { parameters: payload.challenge.parameters } })],
  ['another key', (payload) => ({ ...payload, solution: { ...payload.solution, derivedKey: 'ab'.repeat(32) } })],
  ['a key that is none', (payload) => ({ ...payload, solution: { ...payload.solution, derivedKey: 'x' } })],
  ['no solution', ({ challenge }) => ({ challenge })],
  ['nothing', () => ({})],
  ['something else', () => 'solved'],
];
for (const [what, forge] of forgeries) {
  test(`inv 10: proof-of-work: refuses a solution with ${what}, and still accepts the true one`, async (t) => {
    const challenges = start();
    const payload = await solved(challenges);
    t.false(await challenges.redeem('ann', forge(structuredClone(payload))));
    t.true(await challenges.redeem('ann', payload));
  });
}

const change = ({ parameters, signature }: Payload['challenge'], parts: Record<string, unknown>) => ({
  parameters: { ...parameters, ...parts },
  signature,
});

test('proof-of-work: any replica accepts the challenges of another, also during a rotation of secrets', async (t) => {
  const former = start();
  const payload = await solved(former);
  const newer = start({ secrets: ['a secret that has been added lately', secret] });
  t.true(await newer.redeem('ann', payload));
  t.false(await former.redeem('ann', await solved(newer)));
  t.false(await start({ secrets: ['a secret of somebody else entirely'] }).redeem('ann', await solved(former)));
});

test('proof-of-work: a solution takes between half and all of the configured tries', async (t) => {
  for (const random of [0, 0.999]) {
    const challenges = createProofOfWork({ secrets: [secret], work: 40, clock: Date.now, random: () => random });
    const { challenge, solution } = await solved(challenges);
    const tries = solution.counter + 1;
    t.true(tries >= 20 && tries <= 41, `${tries}`);
    t.like(challenge.parameters, { algorithm: 'SCRYPT', cost: 4_096, memoryCost: 8 });
  }
});

test('proof-of-work: each network may request 20 challenges at once', async (t) => {
  const challenges = start();
  for (let count = 0; count < 20; count++) await challenges.issue('ann', 'a network');
  const refused = { code: 'too-many-requests', retryAfter: 1 };
  t.like(await t.throwsAsync(challenges.issue('bob', 'a network')), refused);
  await t.notThrowsAsync(challenges.issue('bob', 'another'));
});

test('proof-of-work: creates at most 16 challenges at once', async (t) => {
  const challenges = start();
  const asked = Array.from({ length: 100 }, (_, index) => challenges.issue('ann', `network-${index}`));
  const made = (await Promise.allSettled(asked)).filter(({ status }) => status === 'fulfilled');
  t.is(made.length, 16);
  await t.notThrowsAsync(challenges.issue('ann', 'the next'));
});

// Serial: it counts key derivations of the whole process.
test.serial('inv 10: proof-of-work: checking a solution derives no key', async (t) => {
  const challenges = start();
  let derived = 0;
  const hook = createHook({
    init: (_id, type) => {
      if (type === 'SCRYPTREQUEST') derived++;
    },
  }).enable();
  t.teardown(() => hook.disable());
  const payload = await solved(challenges);
  t.is(derived, 1, 'to make the challenge');
  const { challenge } = payload as unknown as { challenge: { parameters: { keyPrefix: string } } };
  for (let counter = 0; counter < 50; counter++) {
    const derivedKey = challenge.parameters.keyPrefix.padEnd(64, '0');
    t.false(await challenges.redeem('ann', { challenge, solution: { counter, derivedKey } }));
  }
  t.true(await challenges.redeem('ann', payload));
  t.is(derived, 1);
});

test('solver: stops on abort, and yields to the event loop', async (t) => {
  const challenge = await start({ work: 100_000_000 }).issue('ann', 'a network');
  const left = new AbortController();
  let rests = 0;
  const rest = async () => {
    if (++rests === 3) left.abort();
  };
  await t.throwsAsync(solveProofOfWork(challenge, rest, left.signal));
  t.is(rests, 3);
  t.is(getEventListeners(left.signal, 'abort').length, 0);
  const gone = AbortSignal.abort();
  await t.throwsAsync(solveProofOfWork(challenge, rest, gone));
});
