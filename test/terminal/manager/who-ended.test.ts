import test from 'ava';
import type { ReportAnswer } from '../../../common/manager-api.ts';
import { createWhoEnded } from '../../../terminal/manager/who-ended.ts';
import { silent } from '../../helpers/manager.ts';

const report = { connections: 1 };

test('who-ended: asks again until the manager knows', async (t) => {
  const unknown: ReportAnswer = { now: new Date(0).toISOString(), idleTimeoutMs: 1 };
  const answers = [unknown, unknown, { ...unknown, endedBy: 'owner' as const }];
  const whoEnded = createWhoEnded({
    describe: () => report,
    send: async () => answers.shift()!,
    log: silent,
    patienceMs: 60_000,
  });
  t.is(await whoEnded(), 'owner');
  t.is(answers.length, 0);
});

test('inv 12: who-ended: gives up on a silent or unreachable manager', async (t) => {
  const never = (_: unknown, signal: AbortSignal) =>
    new Promise<never>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  for (const send of [never, () => Promise.reject(new Error('away'))]) {
    t.is(await createWhoEnded({ describe: () => report, send, log: silent, patienceMs: 10 })(), undefined);
  }
});

test('who-ended: does not ask if no browser ever attached', async (t) => {
  const send = () => t.fail() as never;
  t.is(await createWhoEnded({ describe: () => undefined, send, log: silent })(), undefined);
});
