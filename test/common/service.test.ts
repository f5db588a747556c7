import test from 'ava';
import { pino } from 'pino';
import { runService } from '../../common/service.ts';

const silent = pino({ level: 'silent' });

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

test.serial('service: a signal stops every part, exit code 0', async (t) => {
  const ended: string[] = [];
  const part = (name: string) => async (signal: AbortSignal) => {
    await untilAborted(signal);
    ended.push(name);
  };
  const service = runService(silent, { one: part('one'), two: part('two') });
  process.emit('SIGTERM', 'SIGTERM');
  t.is(await service, 0);
  t.deepEqual(ended, ['one', 'two']);
});

test.serial(
  'service: with a shutdown delay, aborts leaving at once; a second signal cuts the delay short',
  async (t) => {
    const heard: string[] = [];
    const part = async (signal: AbortSignal, leaving: AbortSignal) => {
      leaving.addEventListener('abort', () => heard.push('leaving'));
      await untilAborted(signal);
      heard.push('ended');
    };
    const service = runService(silent, { part }, { shutdownDelayMs: 2 ** 31 - 1 });
    process.emit('SIGTERM', 'SIGTERM');
    await new Promise((resolve) => setImmediate(resolve));
    t.deepEqual(heard, ['leaving']);
    process.emit('SIGTERM', 'SIGTERM');
    t.is(await service, 0);
    t.deepEqual(heard, ['leaving', 'ended']);
  },
);

test.serial('service: stops after the shutdown delay', async (t) => {
  const service = runService(silent, { part: untilAborted }, { shutdownDelayMs: 1 });
  process.emit('SIGTERM', 'SIGTERM');
  t.is(await service, 0);
});

test.serial('service: a failure during the shutdown delay stops it at once, exit code 1', async (t) => {
  const part = async (_: AbortSignal, leaving: AbortSignal) => {
    await untilAborted(leaving);
    throw new Error('broken');
  };
  const service = runService(silent, { part, other: untilAborted }, { shutdownDelayMs: 2 ** 31 - 1 });
  process.emit('SIGTERM', 'SIGTERM');
  t.is(await service, 1);
});

for (const [how, part] of Object.entries({
  'that fails': () => Promise.reject(new Error('broken')),
  'that ends unexpectedly': () => Promise.resolve(),
})) {
  test.serial(`service: a part ${how} stops the others, exit code 1`, async (t) => {
    let ended = false;
    const other = async (signal: AbortSignal) => {
      await untilAborted(signal);
      ended = true;
    };
    t.is(await runService(silent, { part, other }), 1);
    t.true(ended);
  });
}

test.serial('service: leaves no signal listener', async (t) => {
  const before = process.listenerCount('SIGTERM');
  await runService(silent, { part: () => Promise.reject(new Error('broken')) });
  t.is(process.listenerCount('SIGTERM'), before);
});
