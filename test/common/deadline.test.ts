import { getEventListeners, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import { startDeadline } from '../../common/deadline.ts';

test('inv 12: deadline: fires after a garbage collection although nothing references it', async (t) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const collecting = setInterval(collect, 5);
  t.teardown(() => clearInterval(collecting));
  const { signal } = startDeadline(50, new AbortController().signal);
  // Wait without a listener on the signal: a listener would keep it alive.
  await t.throwsAsync(delay(60_000, undefined, { signal }), { name: 'AbortError' });
  t.is(signal.reason.name, 'TimeoutError');
});

test('deadline: an aborted source aborts it with its reason, and leaves no listener', (t) => {
  const hangUp = new AbortController();
  const deadline = startDeadline(60_000, undefined, hangUp.signal);
  hangUp.abort('gone');
  t.true(deadline.signal.aborted);
  t.is(deadline.signal.reason, 'gone');
  t.false(deadline.passed);
  t.is(getEventListeners(hangUp.signal, 'abort').length, 0);
  t.true(startDeadline(60_000, hangUp.signal).signal.aborted);
});

test('deadline: never passes once cleared, and leaves no listener', (t) => {
  const { signal } = new AbortController();
  const deadline = startDeadline(60_000, signal);
  t.is(getEventListeners(signal, 'abort').length, 1);
  deadline.clear();
  t.is(getEventListeners(signal, 'abort').length, 0);
  t.false(deadline.signal.aborted);
});

test('deadline: refresh starts the time again', async (t) => {
  const ms = 100;
  for (let prompt = false; !prompt; ) {
    const startedAt = performance.now();
    const deadline = startDeadline(ms);
    prompt = true;
    for (let last = startedAt; last - startedAt < 3 * ms; ) {
      await delay(10);
      const now = performance.now();
      // If the process was held up for that long, the deadline may have passed.
      if (now - last >= ms) prompt = false;
      last = now;
      deadline.refresh();
    }
    if (prompt) t.false(deadline.passed);
    if (!deadline.passed) await once(deadline.signal, 'abort');
  }
});
