// Nodes that are NotReady or deleted, in all orders that occur, and their effect on visitors and the pool.

import test, { type ExecutionContext } from 'ava';
import { describeTerminal } from '../../../manager/api/describe-terminal.ts';
import { describeWaiting } from '../../../manager/api/describe-waiting.ts';
import type { ExposureMode } from '../../../manager/model/observation.ts';
import { takeSnapshot } from '../../../manager/plan/snapshot.ts';

import { type ManagerOptions, requestBy, settle, startManager, type TestManager } from '../../helpers/manager.ts';
import { ModelCluster } from '../../helpers/model-cluster.ts';

/** Terminals of a pool on two nodes. The manager's wall clock gains `skewMs`. */
async function start(t: ExecutionContext, options: ManagerOptions = {}, settings: Record<string, string> = {}) {
  const annotations = { 'warmterm.dev/connect-timeout': '1h', 'warmterm.dev/spare': '2', 'warmterm.dev/max': '10' };
  const time = { now: 1_000_000, skewMs: 0 };
  const model = new ModelCluster({ annotations: { ...annotations, ...settings }, clock: () => time.now });
  const run = () => {
    const clock = () => time.now + time.skewMs;
    const manager = startManager(model, { ...options, clock, monotonic: () => time.now });
    t.teardown(manager.stop);
    return manager;
  };
  const manager = run();
  await settle(model, manager);
  const pass = async (ms: number, ...managers: TestManager[]) => {
    time.now += ms;
    for (const { pools } of managers) pools.get('default')!.changed();
    await settle(model, ...managers);
  };
  return { model, time, manager, run, pass };
}

const claim = (manager: TestManager, visitor = 'ann') => manager.claim(visitor);
const poolOf = ({ pools }: TestManager) => pools.get('default')!;

for (const exposure of ['nodePort', 'ingress'] as ExposureMode[]) {
  test(`nodes: ${exposure}: visitors of a deleted node get other terminals, and the pool grows`, async (t) => {
    const { model, manager } = await start(t, { exposure });
    const { pod: lost } = await claim(manager);
    await settle(model, manager);
    t.true([...model.pods.values()].some(({ node, claim }) => node === lost.node && !claim));
    model.deleteNode(lost.node!);
    manager.port.deliver();

    const pool = poolOf(manager);
    const { ready } = takeSnapshot(pool, 0).counts;
    t.is(ready, pool.countAvailable(10), 'what counts as ready can be handed out');
    for (const visitor of ['ann', 'bob', 'eve', 'joe']) {
      const served = claim(manager, visitor);
      await settle(model, manager);
      const { status, pod } = await served;
      t.is(status, 'new');
      t.not(pod.node, lost.node);
      t.truthy(describeTerminal(pod, manager.pools), 'its address is known');
    }
    t.is(takeSnapshot(pool, 0).counts.ready, 2);
    t.is(pool.countAvailable(10), 2);
  });

  test(`nodes: ${exposure}: a manager that starts after the deletion gives out no pod of the node`, async (t) => {
    const { model, manager, run } = await start(t, { exposure });
    await manager.stop();
    model.deleteNode('node');
    const next = run();
    const { pod } = await claim(next);
    t.is(pod.node, 'node-2');
  });

  test(`nodes: ${exposure}: pods of a deleted node do not count in the estimate of the queue at max`, async (t) => {
    const { model, manager, pass } = await start(
      t,
      { exposure },
      { 'warmterm.dev/spare': '1', 'warmterm.dev/max': '2' },
    );
    const { pod } = await claim(manager);
    await settle(model, manager);
    const spare = [...model.pods.values()].find(({ uid }) => uid !== pod.uid)!;
    // The API server does not remove the orphan.
    manager.port.removeOrphan = () => Promise.reject(new Error('refused'));
    model.deleteNode(spare.node!);
    await settle(model, manager);
    const bob = manager.claims.claim(requestBy('bob'));
    await settle(model, manager);
    await pass(1_000, manager);
    t.is((await bob).status, 'waiting');
    const { expectedSeconds, latestSeconds } = describeWaiting(
      { pool: poolOf(manager), position: 1, waiting: 1, claiming: 0 },
      1_000_000,
    );
    t.is(expectedSeconds, undefined);
    t.true(latestSeconds! > 60, 'that is when the only session ends');
  });
}

test('nodes: no visitor is sent back to a node that returns NotReady', async (t) => {
  const { model, manager, pass } = await start(t);
  const { pod: lost } = await claim(manager);
  await settle(model, manager);
  const reload = async () => {
    const claimed = claim(manager);
    await settle(model, manager);
    const { status, pod } = await claimed;
    return pod.uid === lost.uid ? `${status} to the former` : `${status} to another`;
  };
  model.setNode(lost.node!, { ready: false });
  await pass(0, manager);
  await pass(9_000, manager);
  t.is(await reload(), 'reconnected to the former', 'it may be a matter of seconds');
  model.deleteNode(lost.node!);
  await pass(1_000, manager);
  t.true(
    model.deleted.some(({ uid }) => uid === lost.uid),
    'ten seconds after NotReady, and not after the deletion',
  );
  model.setNode(lost.node!, { ready: false });
  await pass(0, manager);
  t.is(await reload(), 'new to another');
  await pass(20_000, manager);
  t.is(await reload(), 'reconnected to another');
});

test('inv 5: nodes: NotReady for less than the grace period keeps the sessions', async (t) => {
  const { model, manager, pass } = await start(t);
  const { pod } = await claim(manager);
  await settle(model, manager);
  for (let times = 0; times < 5; times++) {
    model.setNode(pod.node!, { ready: false });
    await pass(0, manager);
    await pass(9_000, manager);
    t.is((await claim(manager)).pod.uid, pod.uid);
    model.setNode(pod.node!, { ready: true });
    await pass(60_000, manager);
  }
  t.deepEqual(model.deleted, []);
});

for (const [what, skewMs] of [
  ['an hour ahead', 3_600_000],
  ['a minute back', -60_000],
] as const) {
  test(`inv 5: nodes: the grace period ignores an API server clock that is set ${what}`, async (t) => {
    const { model, time, manager, pass } = await start(t, {}, { 'warmterm.dev/max-lifetime': '24h' });
    const { pod } = await claim(manager);
    const connectedAt = new Date(time.now).toISOString();
    await manager.terminals.report(pod, { connections: 1, connectedAt });
    await settle(model, manager);
    model.setNode(pod.node!, { ready: false });
    await pass(0, manager);
    time.skewMs = skewMs;
    await pass(9_000, manager);
    t.is((await claim(manager)).pod.uid, pod.uid);
    await pass(1_000, manager);
    t.is((await claim(manager)).status, 'new');
  });
}

test('inv 3: nodes: a restarted manager measures the whole grace period', async (t) => {
  const { model, manager, run, pass } = await start(t);
  const { pod } = await claim(manager);
  await settle(model, manager);
  model.setNode(pod.node!, { ready: false });
  await pass(9_000, manager);
  await manager.stop();
  const next = run();
  await pass(9_000, next);
  t.deepEqual([(await claim(next)).status, (await claim(next)).pod.uid], ['reconnected', pod.uid]);
  await pass(1_000, next);
  t.is((await claim(next)).status, 'new');
});

test('inv 2: nodes: a pod that Kubernetes deletes frees its visitor, however often managers restart', async (t) => {
  const { model, manager, run, pass } = await start(t);
  const { pod } = await claim(manager);
  await settle(model, manager);
  await manager.stop();
  model.setNode(pod.node!, { ready: false });
  const restart = async () => {
    const next = run();
    await pass(5_000, next);
    const { status } = await claim(next);
    await next.stop();
    return status;
  };
  t.deepEqual([await restart(), await restart(), await restart()], Array(3).fill('reconnected'));
  // As the taint manager does after tolerationSeconds. No kubelet confirms it, so the object stays.
  model.put({ ...model.pods.get(pod.name)!, terminating: true });
  t.is(await restart(), 'new');
  t.is(model.pods.get(pod.name)!.uid, pod.uid);
});
