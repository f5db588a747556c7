import test from 'ava';
import { ApiError } from '../../../cli/api/api.ts';
import { retryRequest } from '../../../cli/api/retry-request.ts';
import { Failure } from '../../../cli/failure.ts';
import type { ErrorCode } from '../../../common/errors.ts';

const error = (
  code: ErrorCode | 'unreachable',
  more: { retryable?: boolean; retryAfter?: number; cause?: unknown } = {},
) => new ApiError(code, `about ${code}`, { retryable: true, ...more });
const refused = (code: string) => error('unreachable', { cause: Object.assign(new Error(code), { code }) });

/** Asks a server that gives these answers in order, repeating the last. */
async function askFor(answers: (string | Error)[]) {
  let time = 0;
  const pauses: number[] = [];
  const line: string[] = [];
  let asked = 0;
  const result = await retryRequest(
    async () => {
      const answer = answers[Math.min(asked, answers.length - 1)]!;
      asked += 1;
      if (typeof answer === 'string') return answer;
      throw answer;
    },
    { lost: () => line.push('lost'), back: () => line.push('back') },
    {
      now: () => time,
      pause: async (ms) => {
        pauses.push(ms);
        time += Math.max(ms, 1_000);
      },
    },
  ).catch((thrown: unknown) => thrown);
  return { result, asked, pauses, line, time };
}

test('retry-request: retries without an answer or after a retryable error', async (t) => {
  const { result, line, pauses } = await askFor([
    refused('ECONNREFUSED'),
    error('unavailable', { retryAfter: 3 }),
    'yes',
  ]);
  t.is(result, 'yes');
  t.deepEqual(line, ['lost', 'lost', 'back']);
  t.is(pauses[1], 3_000);
});

test('retry-request: gives up after a minute with the last error', async (t) => {
  const last = refused('ECONNREFUSED');
  const { result, time } = await askFor([error('unavailable'), last]);
  t.is(result, last);
  t.true(time > 60_000 && time < 120_000, `${time}`);
});

for (const [title, answer] of [
  ['what is refused for good', error('session-not-found', { retryable: false })],
  ['a host that is unknown', refused('ENOTFOUND')],
  ['a certificate that is not trusted', refused('DEPTH_ZERO_SELF_SIGNED_CERT')],
  ['a limit for longer than a minute', error('too-many-requests', { retryAfter: 3_600 })],
  ['what is no answer of a server', new Failure('not a warmterm server')],
] as const) {
  test(`retry-request: does not retry ${title}`, async (t) => {
    const { result, asked, line } = await askFor([answer, 'yes']);
    t.is(result, answer);
    t.is(asked, 1);
    t.deepEqual(line, []);
  });
}
