import { getEventListeners } from 'node:events';
import test from 'ava';
import { solveProofOfWork } from '../../../frontend/challenge/proof-of-work.ts';
import { createProofOfWork } from '../../../webserver/challenge/proof-of-work.ts';

const secret = 'a secret of more than thirty-two bytes';
const never = new AbortController().signal;
type Payload = Awaited<ReturnType<typeof solved>>;

function start({ secrets = [secret] as [string, ...string[]], clock = Date.now, work = 1_000 } = {}) {
  return createProofOfWork({ secrets, work, clock, chance: () => 0.5 });
}

/** A challenge to `visitor` with its solution, as the page sends them. */
async function solved(challenges: ReturnType<typeof start>, visitor = 'ann') {
  // Through JSON, as on the way to the page and back.
  const challenge = JSON.parse(JSON.stringify(await challenges.issue(visitor)));
  return JSON.parse(JSON.stringify(await solveProofOfWork(challenge, async () => {}, never))) as {
    challenge: { parameters: Record<string, unknown> & { data: Record<string, unknown> }; signature: string };
    solution: { counter: number; derivedKey: string };
  };
}

test('what the page solves is a solution, once', async (t) => {
  const challenges = start();
  const payload = await solved(challenges);
  t.true(await challenges.redeem('ann', payload));
  t.false(await challenges.redeem('ann', payload));
  t.true(await challenges.redeem('ann', await solved(challenges)));
});

test('of one solution that comes twice at once, one is taken', async (t) => {
  const challenges = start();
  const payload = await solved(challenges);
  const taken = await Promise.all([1, 2, 3].map(() => challenges.redeem('ann', payload)));
  t.is(taken.filter(Boolean).length, 1);
});

test('a solution is worth nothing to another visitor', async (t) => {
  const challenges = start();
  const payload = await solved(challenges);
  t.false(await challenges.redeem('bob', payload));
  payload.challenge.parameters.data.visitor = 'bob';
  t.false(await challenges.redeem('bob', payload));
});

test('a challenge is over after five minutes', async (t) => {
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
  test(`inv 10: with ${what} it is no solution, and the true one is not used up by it`, async (t) => {
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

test('any webserver takes what another has asked, also while a new secret is being added', async (t) => {
  const former = start();
  const payload = await solved(former);
  const newer = start({ secrets: ['a secret that has been added lately', secret] });
  t.true(await newer.redeem('ann', payload));
  t.false(await former.redeem('ann', await solved(newer)));
  t.false(await start({ secrets: ['a secret of somebody else entirely'] }).redeem('ann', await solved(former)));
});

test('a solution takes as much work as the setting says, and at least half of it', async (t) => {
  for (const chance of [0, 0.999]) {
    const challenges = createProofOfWork({ secrets: [secret], work: 10_000, clock: Date.now, chance: () => chance });
    const { challenge, solution } = await solved(challenges);
    const hashes = (solution.counter + 1) * Number(challenge.parameters.cost);
    t.true(hashes >= 5_000 && hashes <= 10_050, `${hashes}`);
  }
});

test('nobody solves on for a visitor who has left, and the page has its turn meanwhile', async (t) => {
  const challenge = await start({ work: 100_000_000 }).issue('ann');
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
