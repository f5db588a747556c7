import test from 'ava';
import { type Api, ApiError, type OpenWish } from '../../../cli/api/api.ts';
import { claim } from '../../../cli/api/claim.ts';
import { Failure } from '../../../cli/failure.ts';
import type { ErrorCode } from '../../../common/errors.ts';
import type { OpenAnswer } from '../../../common/terminals-api.ts';

const opened = { status: 'new', name: 'default-0', ticket: 'ticket' } as OpenAnswer;
const waiting = (place: number): OpenAnswer => ({ status: 'waiting', pool: 'default', place, waiting: 9 });
const error = (code: ErrorCode | 'unreachable', more: Partial<ApiError> = {}) =>
  new ApiError(code, `about ${code}`, { retryable: true, ...more } as ConstructorParameters<typeof ApiError>[2]);

/** Claims from a server that gives these answers in order. */
async function claimFrom(answers: (OpenAnswer | Error)[], signal = new AbortController().signal) {
  const wishes: OpenWish[] = [];
  const places: (number | undefined)[] = [];
  const retries: string[] = [];
  const api: Pick<Api, 'open' | 'server'> = {
    server: 'http://a.example',
    async open(_target, wish) {
      wishes.push(wish);
      const answer = answers[wishes.length - 1];
      if (answer === undefined) throw new Error('asked too often');
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  const result = await claim(
    {
      api,
      solve: async (challenge) => ({ challenge, solution: 42 }),
      onQueue: (place) => places.push(place?.place),
      onSolving: () => {},
      onRetry: (why) => retries.push(why),
    },
    { run: 'abcdefgh' },
    signal,
  ).catch((thrown: unknown) => thrown);
  return { result, wishes, places, retries };
}

test('claim: waits in the queue with its last position', async (t) => {
  const { result, wishes, places } = await claimFrom([waiting(3), waiting(1), opened]);
  t.is(result, opened);
  t.deepEqual(
    wishes.map(({ place }) => place),
    [undefined, 3, 1],
  );
  t.deepEqual(places, [3, 1, undefined]);
});

test('claim: solves a challenge and keeps its position', async (t) => {
  const challenge = { parameters: 1 };
  const { result, wishes } = await claimFrom([waiting(2), error('challenge-required', { challenge }), opened]);
  t.is(result, opened);
  t.deepEqual(wishes[2], { place: 2, promised: undefined, solution: { challenge, solution: 42 } });
});

const because = (code: string) => error('unreachable', { cause: Object.assign(new Error(code), { code }) });

test('claim: gives up soon on a server that was never reached', async (t) => {
  for (const unreachable of [because('ENOTFOUND'), because('DEPTH_ZERO_SELF_SIGNED_CERT')]) {
    const { result, wishes } = await claimFrom([unreachable]);
    t.true(result instanceof Failure);
    t.is(wishes.length, 1);
  }
  const { result, retries } = await claimFrom([because('ECONNREFUSED'), because('ECONNRESET'), opened]);
  t.is(result, opened);
  t.deepEqual(retries, ['about unreachable', 'about unreachable']);
});

test('claim: retries a server that was reached or is busy', async (t) => {
  t.is((await claimFrom([waiting(1), error('unreachable'), opened])).result, opened);
  t.is((await claimFrom([error('unavailable'), opened])).result, opened);
});

test('claim: a limit is final, with advice', async (t) => {
  const { result } = await claimFrom([error('too-many-requests', { limit: { of: 'visitor', most: 3 } })]);
  t.regex((result as Error).message, /about too-many-requests.*warmterm ps/);
  t.is((result as Failure).exitCode, 125);
});
