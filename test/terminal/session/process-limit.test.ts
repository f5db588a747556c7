import test from 'ava';
import { createProcessLimit } from '../../../terminal/session/process-limit.ts';
import { silent } from '../../helpers/manager.ts';

/** A limit of ten on a container whose process counts come from `counts`; ends with the last one. */
async function watch(counts: number[]) {
  const end = new AbortController();
  const killed: number[] = [];
  let now = 0;
  const limit = createProcessLimit({
    limit: 10,
    isUsed: () => true,
    count: () => {
      now = counts.shift() ?? 0;
      if (counts.length === 0) end.abort();
      return now;
    },
    killAll: () => killed.push(now),
    log: silent,
  });
  let exceeded = false;
  void limit.exceeded.then(() => {
    exceeded = true;
  });
  await limit.run(end.signal);
  return { killed, exceeded };
}

test('process-limit: allows up to the limit', async (t) => {
  t.deepEqual(await watch([3, 10]), { killed: [], exceeded: false });
});

test('process-limit: kills all beyond the limit, and again if some escaped', async (t) => {
  t.deepEqual(await watch([3, 11, 12, 4]), { killed: [11, 12], exceeded: true });
});

test('process-limit: outside of a container, counts and kills nothing', async (t) => {
  const end = new AbortController();
  const limit = createProcessLimit({
    limit: 0,
    isUsed: () => true,
    killAll: () => t.fail('somebody else’s processes'),
    log: silent,
  });
  const running = limit.run(end.signal);
  end.abort();
  await running;
  t.pass();
});
