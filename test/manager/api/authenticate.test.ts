// Token reviews: how often the API server is asked, and how a flood of forged tokens affects other clients.

import test from 'ava';
import type { Request, Response } from 'express';
import { ServiceError } from '../../../common/errors.ts';
import { createAuthenticator } from '../../../manager/api/authenticate.ts';
import type { Identity } from '../../../manager/kubernetes/port.ts';
import { silent } from '../../helpers/manager.ts';
import { nextTurn } from '../../helpers/model-cluster.ts';
import { forgeToken } from '../../helpers/service-tokens.ts';

const webPod = { name: 'web-0', uid: 'web-uid' };
const web: Identity = { serviceAccount: 'web', pod: webPod };
const webToken = forgeToken({ pod: webPod });
const unavailable = new ServiceError('unavailable', 'no');
const minute = 60_000;

type Call = { token?: string; from?: string };
type Review = { token: string; answer: (identity: Identity | undefined) => void; fail: (error: Error) => void };

function start({ terminals = [] as string[], ownToken = undefined as string | undefined } = {}) {
  const time = { now: 0 };
  /** The reviews sent to the API server, answered or not. */
  const reviews: Review[] = [];
  /** The delays of refusals. */
  const delays: number[] = [];
  /** Ends the waits of requests that have no slot yet. */
  const waits: (() => void)[] = [];
  const reviewToken = (token: string) =>
    new Promise<Identity | undefined>((answer, fail) => {
      reviews.push({ token, answer, fail });
    });
  const authenticator = createAuthenticator({
    cluster: { reviewToken },
    clients: ['web'],
    namespace: 'ns',
    isTerminal: (uid) => terminals.includes(uid),
    ownToken,
    clock: () => time.now,
    monotonic: () => time.now,
    delay: (ms, signal) => (signal ? new Promise((pass) => waits.push(pass)) : Promise.resolve(void delays.push(ms))),
    log: silent,
  });
  /** `let in`, or the code of the refusal; undefined while there is no answer. */
  const begin = (by: 'forServices' | 'forPods', { token = webToken, from = '10.0.0.1' }: Call = {}) => {
    const call: { result?: string; retryAfter?: number | undefined } = {};
    const request = { get: () => `Bearer ${token}`, socket: { remoteAddress: from } } as unknown as Request;
    const handled = authenticator[by](request, {} as Response, () => {
      call.result = 'let in';
    }) as unknown as Promise<void>;
    handled.catch((error: ServiceError) => {
      call.result = error.code;
      call.retryAfter = error.retryAfter;
    });
    return call;
  };
  const settle = async () => {
    for (let turn = 0; turn < 5; turn++) await nextTurn();
  };
  const call = async (what?: Call, by: 'forServices' | 'forPods' = 'forServices') => {
    const begun = begin(by, what);
    await settle();
    return begun.result;
  };
  /** The webserver has been authenticated once. */
  const warm = async () => {
    const first = begin('forServices');
    await settle();
    reviews[0]!.answer(web);
    await settle();
    return first.result;
  };
  return { time, reviews, delays, waits, begin, call, settle, warm };
}

/** Tokens that differ only in their signature, so that only a review can distinguish them. */
const forged = (count: number, told: Parameters<typeof forgeToken>[0] = {}) =>
  Array.from({ length: count }, (_, index) => forgeToken({ ...told, signature: `forged-${index}` }));

test('authenticate: reviews a token in use again before its answer expires, without delaying requests', async (t) => {
  const { time, reviews, call, warm, settle } = start();
  t.is(await warm(), 'let in');
  time.now = 19_999;
  t.is(await call(), 'let in');
  t.is(reviews.length, 1);
  time.now = 20_000;
  t.is(await call(), 'let in', 'by the former answer');
  t.is(await call(), 'let in');
  t.is(reviews.length, 2, 'asked once');
  reviews[1]!.answer(web);
  await settle();
  time.now = 39_999;
  t.is(await call(), 'let in', 'by the new answer');
  t.is(reviews.length, 2);
});

test('authenticate: refuses a revoked token as soon as a review says so', async (t) => {
  const { time, reviews, call, warm, settle } = start();
  await warm();
  time.now = 20_000;
  await call();
  reviews[1]!.answer(undefined);
  await settle();
  t.is(await call(), 'unauthenticated');
});

test('authenticate: a token idle for thirty seconds waits for its review, and is refused if revoked', async (t) => {
  const { time, reviews, begin, warm, settle } = start();
  await warm();
  time.now = 30_000;
  const calls = [begin('forServices'), begin('forServices')];
  await settle();
  t.deepEqual(
    calls.map(({ result }) => result),
    [undefined, undefined],
  );
  t.is(reviews.length, 2, 'asked once');
  reviews[1]!.answer(undefined);
  await settle();
  t.deepEqual(
    calls.map(({ result }) => result),
    ['unauthenticated', 'unauthenticated'],
  );
});

test('inv 9: authenticate: a valid token stays valid for five minutes while the API server does not answer', async (t) => {
  const { time, reviews, call, warm, begin, settle } = start();
  await warm();
  time.now = 60_000;
  const first = begin('forServices');
  await settle();
  reviews[1]!.fail(unavailable);
  await settle();
  t.is(first.result, 'let in');
  time.now += 1_000;
  t.is(await call(), 'let in', 'and does not wait for the next review');
  t.is(reviews.length, 3);
  reviews[2]!.fail(unavailable);
  await settle();
  time.now = 5 * minute;
  t.is(await call(), undefined, 'it waits for the API server');
  reviews[3]!.fail(unavailable);
  await settle();
  t.is(await call(), undefined);
});

for (const [what, told] of Object.entries({
  'another audience': { audience: ['https://kubernetes.default.svc'] },
  'another namespace': { namespace: 'kube-system' },
  'an end in the past': { expiresAt: 1_000 },
})) {
  test(`authenticate: refuses a token with ${what} without a review`, async (t) => {
    const { time, reviews, call } = start();
    time.now = 10 * minute;
    t.is(await call({ token: forgeToken(told) }), 'unauthenticated');
    t.is(reviews.length, 0);
  });
}

for (const token of ['garbage', 'a.b', 'a.b.c', 'e30.e30.c2ln', `${forgeToken()}.x`, forgeToken({ signature: '' })]) {
  test(`what is no token of a service account, such as ${token.slice(0, 12)}…${token.slice(-4)}, is refused without a review`, async (t) => {
    const { reviews, call } = start();
    t.is(await call({ token }), 'unauthenticated');
    t.is(reviews.length, 0);
  });
}

test('authenticate: reviews a token within a minute of its expiry, as the clock of the API server decides', async (t) => {
  const { time, reviews, call } = start();
  time.now = 10 * minute;
  await call({ token: forgeToken({ expiresAt: 10 * minute - 59_000 }) });
  t.is(reviews.length, 1);
});

test('authenticate: an audience that is not a list counts as a list of one', async (t) => {
  const { reviews, call } = start();
  await call({ token: forgeToken({ audience: 'warmterm-manager' }) });
  t.is(reviews.length, 1);
});

test('authenticate: refuses an account or pod without access to the route, without a review', async (t) => {
  const { reviews, call } = start({ terminals: ['a-uid'] });
  t.is(await call({ token: forgeToken({ serviceAccount: 'terminal' }) }), 'forbidden');
  t.is(await call({ token: forgeToken({ pod: { name: 'x', uid: 'unknown' } }) }, 'forPods'), 'forbidden');
  t.is(await call({ token: forgeToken() }, 'forPods'), 'forbidden');
  t.is(reviews.length, 0);
});

test('authenticate: trusts the review, not the claims of the token', async (t) => {
  const { reviews, begin, settle } = start({ terminals: ['a-uid'] });
  const service = begin('forServices');
  const pod = begin('forPods', { token: forgeToken({ pod: { name: 'a', uid: 'a-uid' } }) });
  await settle();
  reviews[0]!.answer({ serviceAccount: 'terminal', pod: undefined });
  reviews[1]!.answer({ serviceAccount: 'terminal', pod: undefined });
  await settle();
  t.deepEqual([service.result, pod.result], ['forbidden', 'forbidden']);
});

test('authenticate: 2,000 forged tokens from one address cost 6 reviews at once, 20 in all; others get Retry-After', async (t) => {
  const { reviews, begin, settle } = start();
  const calls = forged(2_000).map((token) => begin('forServices', { token }));
  await settle();
  t.is(reviews.length, 6);
  for (let answered = 0; answered < reviews.length; answered++) {
    reviews[answered]!.answer(undefined);
    await settle();
  }
  t.is(reviews.length, 20);
  const count = (result: string) => calls.filter((call) => call.result === result).length;
  t.deepEqual([count('unauthenticated'), count('unavailable')], [20, 1_980]);
  t.true(calls.every(({ result, retryAfter }) => result === 'unauthenticated' || retryAfter! >= 1));
});

test('authenticate: an address with 20 refusals gets further ones a second late, other addresses do not', async (t) => {
  const { time, delays, call, warm } = start();
  await warm();
  for (let count = 0; count < 20; count++) t.is(await call({ token: 'garbage', from: '10.0.0.9' }), 'unauthenticated');
  t.deepEqual(delays, []);
  await call({ token: 'garbage', from: '10.0.0.9' });
  await call({ token: 'garbage', from: '10.0.0.8' });
  t.is(await call({ from: '10.0.0.9' }), 'let in');
  t.deepEqual(delays, [1_000]);
  time.now = 1_000;
  for (let count = 0; count < 5; count++) await call({ token: 'garbage', from: '10.0.0.9' });
  t.deepEqual(delays, [1_000]);
});

test('authenticate: in a flood from 500 addresses while the API server hangs, 256 wait and known callers are accepted', async (t) => {
  const { time, reviews, waits, begin, call, warm, settle } = start();
  await warm();
  const calls = forged(2_000).map((token, index) => begin('forServices', { token, from: `10.1.0.${index % 500}` }));
  await settle();
  t.is(reviews.length, 1 + 6);
  t.is(calls.filter(({ result }) => result === undefined).length, 6 + 256);
  t.is(await call(), 'let in');
  time.now = 20_000;
  t.is(await call(), 'let in');
  t.is(reviews.length, 1 + 6 + 1, 'its renewal has a slot of its own');
  t.is(reviews.at(-1)?.token, webToken);
  const renewed = forgeToken({ pod: webPod, signature: 'renewed' });
  t.is(await call({ token: renewed, from: '10.1.0.7' }), undefined);
  t.is(reviews.at(-1)?.token, renewed, 'so has the next token of a pod that was valid');
  for (const pass of waits) pass();
  await settle();
  t.is(calls.filter(({ result }) => result === undefined).length, 6, 'no token waits for ever');
});

test('authenticate: invalid tokens evict no valid one from the cache', async (t) => {
  const { time, reviews, begin, call, warm, settle } = start();
  await warm();
  let from = 0;
  for (const token of forged(2_500)) {
    begin('forServices', { token, from: `10.1.${from++}` });
    await settle();
    reviews.at(-1)!.answer(undefined);
    await settle();
  }
  t.is(reviews.length, 2_501);
  time.now = 10_000;
  t.is(await call(), 'let in');
  t.is(reviews.length, 2_501);
});

test('authenticate: forged tokens that name one pod use only the budget of that pod', async (t) => {
  const { reviews, begin, settle } = start({ terminals: ['mine', 'theirs'] });
  const from = '10.0.0.9';
  const mine = forged(100, { pod: { name: 'a-0', uid: 'mine' } }).map((token) => begin('forPods', { token, from }));
  await settle();
  t.is(reviews.length, 5);
  t.is(mine.filter(({ result }) => result === 'unavailable').length, 95);
  // The same address, as with a node that translates the addresses of its pods.
  const pod = { name: 'a-1', uid: 'theirs' };
  const theirs = begin('forPods', { token: forgeToken({ pod }), from });
  const service = begin('forServices', { from });
  await settle();
  t.is(reviews.length, 6);
  reviews[5]!.answer({ serviceAccount: 'terminal', pod });
  reviews[0]!.answer(undefined);
  await settle();
  t.is(theirs.result, 'let in');
  reviews.find(({ token }) => token === webToken)!.answer(web);
  await settle();
  t.is(service.result, 'let in');
});

test('authenticate: tokens of an unknown issuer share one budget until one of them is valid', async (t) => {
  const { time, reviews, begin, settle, call } = start({ ownToken: forgeToken() });
  const issuer = 'https://former.example';
  for (const [index, token] of forged(30, { issuer }).entries()) {
    const before = reviews.length;
    const result = await call({ token, from: `10.1.0.${index}` });
    if (reviews.length === before) t.is(result, 'unavailable');
    else reviews.at(-1)!.answer(undefined);
  }
  t.is(reviews.length, 20);
  // Tokens of this cluster's issuer have another budget.
  const own = begin('forServices');
  await settle();
  reviews.at(-1)!.answer(web);
  await settle();
  t.is(own.result, 'let in');
  const late = forgeToken({ issuer, signature: 'late' });
  t.is(await call({ token: late }), 'unavailable');
  time.now = 2_000;
  const former = begin('forServices', { token: late });
  await settle();
  reviews.at(-1)!.answer({ serviceAccount: 'web', pod: undefined });
  await settle();
  t.is(former.result, 'let in');
  for (const token of forged(6, { issuer, audience: 'warmterm-manager' })) await call({ token, from: '10.2.0.1' });
  t.is(reviews.length, 22 + 6, 'with a valid one its issuer is known');
});
