// A pool consists of what its StatefulSet owns, by UID. A label, a name or an ordinal is not enough.

import test, { type ExecutionContext } from 'ava';
import { describePool } from '../../../manager/api/describe-pool.ts';
import type { ObservedPod } from '../../../manager/model/observation.ts';
import { Pools } from '../../../manager/model/pools.ts';
import { takeSnapshot } from '../../../manager/plan/snapshot.ts';
import { settle, startManager, type TestManager } from '../../helpers/manager.ts';
import { ModelCluster } from '../../helpers/model-cluster.ts';

const annotations = { 'warmterm.dev/spare': '2', 'warmterm.dev/connect-timeout': '1h' };

async function start(t: ExecutionContext) {
  const time = { now: 1_000_000 };
  const model = new ModelCluster({ annotations, clock: () => time.now });
  const manager = startManager(model, { clock: () => time.now });
  t.teardown(manager.stop);
  await settle(model, manager);
  return { model, manager, time, pool: manager.pools.known('default')! };
}

const claim = async (manager: TestManager, visitor: string) => (await manager.claim(visitor)).pod;

/** A second StatefulSet with the label of the pool, three ready pods and their Services. */
function addCopy(model: ModelCluster, createdAt = 5_000_000): void {
  const copy = { ...model.pool, statefulSet: 'copy', uid: 'copy', createdAt, replicas: 3 };
  model.tell({ kind: 'pool', name: 'copy', object: copy });
  const template = model.pods.get('default-0')!;
  for (let ordinal = 0; ordinal < 3; ordinal++) {
    const about = { name: `copy-${ordinal}`, uid: `copy-${ordinal}-uid`, owner: 'copy', ordinal };
    model.put({ ...template, ...about, ready: true, taken: false, claim: undefined });
    const { podAddress: _, ...service } = { ...about, pool: 'default', nodePort: 31_000 + ordinal, podAddress: 0 };
    model.tell({ kind: 'service', name: about.name, object: service });
  }
}

test('ownership: a second StatefulSet with the pool’s label changes nothing, and is reported', async (t) => {
  const { model, manager, pool } = await start(t);
  const { name } = await claim(manager, 'ann');
  await settle(model, manager);
  const before = model.pool.replicas;
  addCopy(model);
  const { writes } = model;
  await settle(model, manager);
  t.is(manager.claims.find('ann')?.name, name);
  t.is(model.pool.replicas, before);
  t.is(model.writes, writes, 'nothing is made, scaled or deleted');
  t.regex((await claim(manager, 'bob')).name, /^default-/);
  t.deepEqual(
    [...pool.pods()].filter(({ owner }) => owner !== model.pool.uid),
    [],
  );
  const notice = /StatefulSets default and copy have the same label warmterm\.dev\/pool=default\. .*Delete copy/;
  await settle(model, manager);
  t.regex(model.warnings.join(), notice);
  t.regex(describePool(takeSnapshot(pool, 0, 0), new Map()).problems.join(), notice);
});

test('ownership: when the first StatefulSet is deleted, the second takes over with its pods and its Services', async (t) => {
  const { model, manager, pool } = await start(t);
  await claim(manager, 'ann');
  addCopy(model);
  await settle(model, manager);
  model.deleteSet();
  manager.port.deliver();
  t.is(pool.spec?.statefulSet, 'copy');
  t.deepEqual([...pool.pods()].map(({ name }) => name).sort(), ['copy-0', 'copy-1', 'copy-2']);
  const pod = await claim(manager, 'ann');
  t.is(pod.name, 'copy-0');
  t.like(manager.pools.address(pod), { port: 31_000 });
});

test('ownership: the older of two StatefulSets is the pool, in either order of events', (t) => {
  const set = { name: 'p', version: 1, replicas: 1, revision: 'r', annotations: {} };
  const sets = [
    { ...set, statefulSet: 'young', uid: 'young', createdAt: 2_000 },
    { ...set, statefulSet: 'old', uid: 'old', createdAt: 1_000 },
  ];
  for (const seen of [sets, sets.toReversed()]) {
    const pools = new Pools();
    for (const object of seen) pools.observe({ kind: 'pool', name: object.statefulSet, object });
    t.is(pools.get('p')?.spec?.statefulSet, 'old');
    t.deepEqual(
      pools.get('p')!.others.map(({ statefulSet }) => statefulSet),
      ['young'],
    );
  }
});

test('ownership: pods, Services and the queue that are seen before their StatefulSet count once it is seen', async (t) => {
  const { model, manager } = await start(t);
  await claim(manager, 'ann');
  await settle(model, manager);
  const pools = new Pools();
  const all = [...model.everything()];
  for (const observation of all.filter(({ kind }) => kind !== 'pool')) pools.observe(observation);
  t.is(pools.get('default'), undefined);
  t.is([...pools.known('default')!.pods()].length, 0);
  for (const observation of all.filter(({ kind }) => kind === 'pool')) pools.observe(observation);
  const pool = pools.get('default')!;
  const pod = pool.terminalOf('ann')!;
  t.truthy(pools.address(pod));
  t.is([...pool.pods()].length, model.pool.replicas);
});

test('ownership: kubectl replace --force: pods of the deleted StatefulSet are in no pool, and block only their name', async (t) => {
  const { model, manager, pool } = await start(t);
  const lost = await claim(manager, 'ann');
  await settle(model, manager);
  model.deleteSet();
  model.createSet({ replicas: 4 });
  manager.port.deliver();
  t.is(manager.claims.find('ann'), undefined);
  t.true([...pool.pods()].every(({ owner }) => owner === model.pool.uid));
  t.truthy(manager.pools.podByUid(lost.uid), 'its token still speaks for it, so that it can report and end');
  await settle(model, manager);
  const next = await claim(manager, 'ann');
  t.not(next.uid, lost.uid);
  t.is(next.owner, model.pool.uid);
});

test('inv 2: kubectl delete --cascade=orphan and creation: sessions, Services and routes stay', async (t) => {
  const { model, manager } = await start(t);
  const pod = await claim(manager, 'ann');
  await settle(model, manager);
  const service = model.services.get(pod.name)!;
  model.deleteSet('orphan');
  await settle(model, manager);
  await t.throwsAsync(claim(manager, 'ann'), { code: 'unavailable' });
  await manager.terminals.report(pod, { connections: 1 });
  // The StatefulSet is seen a moment before its controller adopts the pods.
  model.setPool({ uid: 'next', createdAt: 1_000_000 });
  model.hasSet = true;
  manager.port.deliver();
  await t.throwsAsync(claim(manager, 'ann'), { code: 'unavailable', message: /adopting/ });
  await settle(model, manager);
  t.is((await claim(manager, 'ann')).uid, pod.uid);
  t.like(model.services.get(pod.name), { uid: service.uid, nodePort: service.nodePort, owner: 'next' });
});

test('ownership: a pod relabelled to another pool leaves its pool at once', async (t) => {
  const { model, manager, pool } = await start(t);
  const pod = await claim(manager, 'ann');
  model.put({ ...model.pods.get(pod.name)!, pool: 'quarantine' });
  manager.port.deliver();
  t.is(manager.claims.find('ann'), undefined);
  t.is(pool.pod(pod.ordinal), undefined);
  t.is(manager.pools.get('quarantine'), undefined);
  await manager.terminals.report(pod, { connections: 1 });
  await settle(model, manager);
  t.not((await claim(manager, 'ann')).uid, pod.uid);
});

test('ownership: a relabelled pod is not given out, also before the watch reports it', async (t) => {
  const { model, manager } = await start(t);
  const pod = model.put({ ...model.pods.get('default-0')!, pool: 'quarantine' });
  t.not((await claim(manager, 'ann')).uid, pod.uid);
  await settle(model, manager);
  t.is(model.pods.get('default-0')?.taken, false);
});

test('ownership: the answer to a write does not bring a deleted StatefulSet back', (t) => {
  const pools = new Pools();
  const set = { name: 'p', statefulSet: 'p', uid: 'u', version: 1, createdAt: 0, replicas: 1, annotations: {} };
  const object = { ...set, revision: undefined };
  pools.observe({ kind: 'pool', name: 'p', object });
  pools.observe({ kind: 'pool', name: 'p', object: undefined });
  pools.observe({ kind: 'pool', name: 'p', object: { ...object, version: 2 }, answered: true });
  t.is(pools.get('p'), undefined);
  // The label was removed, and is set again.
  pools.observe({ kind: 'pool', name: 'p', object: { ...object, version: 3 } });
  t.is(pools.get('p')?.spec?.version, 3);
});

test('ownership: a pod without a controller is in no pool', (t) => {
  const model = new ModelCluster({ replicas: 1 });
  const pools = new Pools();
  for (const observation of model.everything()) pools.observe(observation);
  const { owner: _, ...stray }: ObservedPod = {
    ...model.pods.get('default-0')!,
    name: 'default-9',
    ordinal: 9,
    uid: 's',
  };
  pools.observe({ kind: 'pod', name: stray.name, object: stray });
  t.is(pools.get('default')!.pod(9), undefined);
});
