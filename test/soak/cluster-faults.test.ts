// Faults of the cluster are equally frequent, and none outlasts its storm.

import test from 'ava';
import { createRandom } from '../../bench/simulate/random.ts';
import { type ClusterFault, createClusterFaults } from '../../soak/cluster-faults.ts';

const run = async (begin: ClusterFault['begin'], names = ['one'], enough = 1) => {
  const over = new AbortController();
  let left = enough;
  const faults = names.map((name): ClusterFault => {
    const counting: ClusterFault['begin'] = async () => {
      if (--left === 0) over.abort();
      return begin();
    };
    return { name, lastsMs: [0, 0], begin: counting };
  });
  const log: string[] = [];
  const clusterFaults = createClusterFaults({
    faults,
    random: createRandom(1),
    meanGapMs: 0,
    log: (text) => log.push(text),
    retryMs: 0,
  });
  await clusterFaults.run(over.signal);
  return { counts: clusterFaults.counts(), log };
};

test('cluster-faults: each kind is equally frequent', async (t) => {
  const { counts } = await run(async () => async () => {}, ['a', 'b', 'c'], 12);
  t.deepEqual([...counts].sort(), [
    ['a', 4],
    ['b', 4],
    ['c', 4],
  ]);
});

test('cluster-faults: undoes a fault when the storm ends, and retries that', async (t) => {
  let tries = 0;
  const { log } = await run(async () => async () => {
    if (++tries < 2) throw new Error('the API server is busy');
  });
  t.is(tries, 2);
  t.deepEqual(log, ['one: begins', 'one: undone']);
});

test('cluster-faults: a fault without a target does not count', async (t) => {
  const { counts, log } = await run(async () => undefined);
  t.is(counts.size, 0);
  t.deepEqual(log, ['one: begins']);
});
