// Deleted nodes, and nodes that no watch has reported yet. Only deleted nodes lose their pods.

import test, { type ExecutionContext } from 'ava';
import { takeSnapshot } from '../../../manager/plan/snapshot.ts';

import { type ManagerOptions, settle, startManager, type TestManager } from '../../helpers/manager.ts';
import { ModelCluster, type ModelPort, nextTurn } from '../../helpers/model-cluster.ts';

async function start(t: ExecutionContext, settings: Record<string, string>) {
  const annotations = { 'warmterm.dev/connect-timeout': '1h', ...settings };
  const time = { now: 1_000_000 };
  const model = new ModelCluster({ annotations, clock: () => time.now });
  const run = (options: ManagerOptions = {}) => {
    const manager = startManager(model, { clock: () => time.now, ...options });
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

const four = { 'warmterm.dev/spare': '4', 'warmterm.dev/max': '12' };
const claim = (manager: TestManager, visitor: string) => manager.claim(visitor);
const ready = ({ pools }: TestManager) => takeSnapshot(pools.get('default')!, 0).counts.ready;
const uids = ({ pods }: ModelCluster) => [...pods.values()].map(({ uid }) => uid);

test('inv 2: deleted node: visitors get other terminals at once, and spares are created elsewhere', async (t) => {
  const { model, manager, pass } = await start(t, four);
  const { pod: lost } = await claim(manager, 'ann');
  await settle(model, manager);
  const gone = [...model.pods.values()].filter(({ node }) => node === lost.node);
  t.true(gone.filter(({ ready, claim }) => ready && !claim).length > 1, 'spares are there too');

  model.deleteNode(lost.node!);
  manager.port.deliver();
  const served = await Promise.all(['ann', 'bob'].map((visitor) => claim(manager, visitor)));
  t.deepEqual(
    served.map(({ status, pod }) => [status, pod.node === lost.node]),
    Array(2).fill(['new', false]),
  );
  await settle(model, manager);
  t.true(ready(manager) >= 4);
  t.deepEqual(
    uids(model).filter((uid) => gone.some((pod) => pod.uid === uid)),
    [],
  );
  t.true([...model.pods.values()].every(({ node }) => node !== lost.node));
  const again = await claim(manager, 'ann');
  t.deepEqual([again.status, again.pod.uid], ['reconnected', served[0]!.pod.uid]);
  await pass(20_000, manager);
  t.deepEqual(
    model.deleted.map(({ uid }) => uid),
    [lost.uid],
    'no other session has ended',
  );
});

test('inv 2: deleted node: at max, its ordinal is recreated as soon as the visitor is back', async (t) => {
  const { model, manager } = await start(t, { 'warmterm.dev/spare': '1', 'warmterm.dev/max': '1' });
  const { pod: lost } = await claim(manager, 'ann');
  await settle(model, manager);
  model.deleteNode(lost.node!);
  manager.port.deliver();
  const claimed = claim(manager, 'ann');
  await settle(model, manager);
  const { pod, status } = await claimed;
  t.is(status, 'new');
  t.is(pod.name, lost.name);
  t.not(pod.node, lost.node);
});

test('inv 5: deleted node: a stored queue entry does not shorten the grace period of the terminal that followed', async (t) => {
  const { model, manager, pass } = await start(t, { 'warmterm.dev/spare': '1', 'warmterm.dev/max': '4' });
  const { pod } = await claim(manager, 'ann');
  await settle(model, manager);
  const place = { since: pod.claim!.claimedAt - 5_000, seen: pod.claim!.claimedAt - 1_000 };
  const room = { name: 'default', uid: 'r', pool: 'default', version: 1, positions: new Map([['ann', place]]) };
  manager.pools.get('default')!.queue.observe(room, 1_000_000);
  model.deleteNode(pod.node!);
  await pass(1_000, manager);
  t.deepEqual(model.deleted, []);
});

test('inv 5: deleted node: registered again within 10 s keeps sessions, not spares', async (t) => {
  const { model, manager, pass } = await start(t, four);
  const { pod } = await claim(manager, 'ann');
  await settle(model, manager);
  const spares = [...model.pods.values()].filter(({ node, claim }) => node === pod.node && !claim);
  model.deleteNode(pod.node!);
  await pass(9_000, manager);
  model.setNode(pod.node!, {});
  await pass(60_000, manager);
  t.deepEqual([(await claim(manager, 'ann')).status, (await claim(manager, 'ann')).pod.uid], ['reconnected', pod.uid]);
  t.deepEqual(
    uids(model).filter((uid) => spares.some((spare) => spare.uid === uid)),
    [],
  );
  t.deepEqual(model.deleted, []);
});

test('inv 5: deleted node: back before a late watch reports it keeps sessions', async (t) => {
  const { model, manager, time } = await start(t, four);
  const { pod } = await claim(manager, 'ann');
  await settle(model, manager);
  model.deleteNode(pod.node!);
  manager.port.deliver();
  model.setNode(pod.node!, {});
  await lookUntold(manager, time, 20_000);
  t.deepEqual(model.deleted, []);
});

test('inv 5: lost node: Ready again before a late watch reports it keeps sessions', async (t) => {
  const { model, manager, time, pass } = await start(t, four);
  const { pod } = await claim(manager, 'ann');
  await settle(model, manager);
  model.setNode(pod.node!, { ready: false });
  await pass(0, manager);
  time.now += 11_000;
  manager.pools.updateNodes(time.now);
  const { pod: other } = await claim(manager, 'ann');
  t.not(other.uid, pod.uid);
  model.setNode(pod.node!, { ready: true });
  await lookUntold(manager, time, 1_000);
  t.deepEqual(model.deleted, []);
});

/** Advances the clock; the manager evaluates its pool without watch events. */
async function lookUntold(manager: TestManager, time: { now: number }, ms: number): Promise<void> {
  time.now += ms;
  manager.pools.get('default')!.changed();
  for (let turn = 0; turn < 50; turn++) await nextTurn();
}

test('inv 3: deleted node: a manager that starts afterwards asks the API server at once', async (t) => {
  const { model, manager, run } = await start(t, four);
  const { pod: lost } = await claim(manager, 'ann');
  await settle(model, manager);
  await manager.stop();
  model.deleteNode(lost.node!);
  const next = run();
  await settle(model, next);
  t.true([...model.pods.values()].filter(({ claim }) => !claim).every(({ node }) => node !== lost.node));
  t.is((await claim(next, 'ann')).status, 'new');
  await settle(model, next);
  t.true([...model.pods.values()].every(({ node }) => node !== lost.node));
});

/** The watch reports the node `name` when `release` is called. Other watches do not lag. */
function holdBack(port: ModelPort, name: string) {
  const watch = port.watch.bind(port);
  const held: (() => void)[] = [];
  port.watch = (sink, signal) => {
    const observe: typeof sink.observe = (observation) => {
      if (observation.kind === 'node' && observation.name === name) held.push(() => sink.observe(observation));
      else sink.observe(observation);
    };
    return watch({ ...sink, observe }, signal);
  };
  return () => {
    for (const tell of held.splice(0)) tell();
  };
}

test('inv 5: unknown node: its pods stay until the API server says that it is deleted', async (t) => {
  const { model, manager, run, pass } = await start(t, four);
  const { pod } = await claim(manager, 'ann');
  await settle(model, manager);
  const before = uids(model);
  await manager.stop();
  let release = () => {};
  let asked = 0;
  const late = run({
    exposure: 'ingress',
    through: (port) => {
      release = holdBack(port as ModelPort, pod.node!);
      const readNode = port.readNode;
      port.readNode = (name) => {
        asked++;
        return readNode(name);
      };
      return port;
    },
  });
  await settle(model, late);
  for (let seconds = 0; seconds < 60; seconds += 5) await pass(5_000, late);
  t.true(asked > 0);
  t.is((await claim(late, 'ann')).status, 'reconnected');
  t.is(ready(late), 4);
  release();
  await pass(1_000, late);
  t.is(ready(late), 4);
  t.deepEqual(uids(model).slice(0, before.length), before);
  t.deepEqual(model.deleted, []);
});

test('unknown node: counts as healthy when reading nodes is forbidden', async (t) => {
  const { model, manager, run, pass } = await start(t, four);
  const { pod } = await claim(manager, 'ann');
  await settle(model, manager);
  await manager.stop();
  model.deleteNode(pod.node!);
  const refused = run({
    through: (port) => Object.assign(port, { readNode: () => Promise.reject(new Error('nodes is forbidden')) }),
  });
  await settle(model, refused);
  await pass(60_000, refused);
  t.deepEqual([(await claim(refused, 'ann')).status, (await claim(refused, 'ann')).pod.uid], ['reconnected', pod.uid]);
  t.is(model.pods.get(pod.name)?.uid, pod.uid);
});

test('unknown node: a watch report overrules a late answer', async (t) => {
  const { model, manager, run, pass } = await start(t, four);
  const { pod } = await claim(manager, 'ann');
  await settle(model, manager);
  await manager.stop();
  model.deleteNode(pod.node!);
  let answer = () => {};
  const asked = new Promise<undefined>((resolve) => {
    answer = () => resolve(undefined);
  });
  const late = run({ through: (port) => Object.assign(port, { readNode: () => asked }) });
  await settle(model, late);
  model.setNode(pod.node!, {});
  late.port.deliver();
  answer();
  await pass(20_000, late);
  t.is((await claim(late, 'ann')).pod.uid, pod.uid);
  t.deepEqual(model.deleted, []);
});
