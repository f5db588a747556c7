import test from 'ava';
import { pino } from 'pino';
import { runService } from '../../common/service.ts';

const silent = pino({ level: 'silent' });

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

test.serial('a signal from outside ends every part, and the service ends well', async (t) => {
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
  'a service that delays its end says at once that it is leaving; a second signal cuts that short',
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

test.serial('after the delay it ends by itself', async (t) => {
  const service = runService(silent, { part: untilAborted }, { shutdownDelayMs: 1 });
  process.emit('SIGTERM', 'SIGTERM');
  t.is(await service, 0);
});

test.serial('whatever fails during the delay ends the service at once, and badly', async (t) => {
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
  'that ends by itself': () => Promise.resolve(),
})) {
  test.serial(`a part ${how} takes the others with it, and the service ends badly`, async (t) => {
    let ended = false;
    const other = async (signal: AbortSignal) => {
      await untilAborted(signal);
      ended = true;
    };
    t.is(await runService(silent, { part, other }), 1);
    t.true(ended);
  });
}

test.serial('no listener for signals stays behind', async (t) => {
  const before = process.listenerCount('SIGTERM');
  await runService(silent, { part: () => Promise.reject(new Error('broken')) });
  t.is(process.listenerCount('SIGTERM'), before);
});
