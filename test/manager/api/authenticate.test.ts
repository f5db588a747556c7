// How often the API server is asked who a token speaks for.

import test from 'ava';
import type { Request, Response } from 'express';
import { ServiceError } from '../../../common/errors.ts';
import { createAuthenticator } from '../../../manager/api/authenticate.ts';
import type { Identity } from '../../../manager/cluster/port.ts';
import { nextTurn } from '../../helpers/model-cluster.ts';

const web: Identity = { serviceAccount: 'web', pod: undefined };

function start() {
  const time = { now: 0 };
  const reviews: { answer: (identity: Identity | undefined) => void; fail: (error: Error) => void }[] = [];
  const reviewToken = () =>
    new Promise<Identity | undefined>((answer, fail) => {
      reviews.push({ answer, fail });
    });
  const { forServices } = createAuthenticator({ cluster: { reviewToken }, clients: ['web'], clock: () => time.now });
  const request = { get: () => 'Bearer token' } as unknown as Request;
  /** `let in`, or the code of the refusal; undefined while there is no answer. */
  const call = async (): Promise<string | undefined> => {
    let result: string | undefined;
    const handled = forServices(request, {} as Response, () => {
      result = 'let in';
    }) as unknown as Promise<void>;
    handled.catch((error: ServiceError) => {
      result = error.code;
    });
    for (let turn = 0; turn < 3; turn++) await nextTurn();
    return result;
  };
  return { time, reviews, call };
}

test('a token in use is reviewed again before its answer expires, and nobody waits for it', async (t) => {
  const { time, reviews, call } = start();
  const first = call();
  reviews[0]!.answer(web);
  t.is(await first, 'let in');
  time.now = 19_999;
  t.is(await call(), 'let in');
  t.is(reviews.length, 1);
  time.now = 20_000;
  t.is(await call(), 'let in', 'by the former answer');
  t.is(await call(), 'let in');
  t.is(reviews.length, 2, 'asked once');
  reviews[1]!.answer(web);
  await nextTurn();
  time.now = 39_999;
  t.is(await call(), 'let in', 'by the new answer');
  t.is(reviews.length, 2);
});

test('a token that is not valid any more is refused as soon as that is known', async (t) => {
  const { time, reviews, call } = start();
  const first = call();
  reviews[0]!.answer(web);
  await first;
  time.now = 20_000;
  await call();
  reviews[1]!.answer(undefined);
  await nextTurn();
  t.is(await call(), 'unauthenticated');
});

test('without an answer the former one holds for thirty seconds and not longer', async (t) => {
  const { time, reviews, call } = start();
  const first = call();
  reviews[0]!.answer(web);
  await first;
  time.now = 20_000;
  await call();
  reviews[1]!.fail(new ServiceError('unavailable', 'no'));
  await nextTurn();
  time.now = 29_999;
  t.is(await call(), 'let in');
  time.now = 30_000;
  t.is(await call(), undefined, 'it waits for the API server');
  t.is(reviews.length, 3);
});
