// Pods that end for good while their object stays: evicted, shut down with their node, or completed.

import test, { type ExecutionContext } from 'ava';
import { takeSnapshot } from '../../../manager/plan/snapshot.ts';

import { type ManagerOptions, settle, startManager } from '../../helpers/manager.ts';
import { ModelCluster } from '../../helpers/model-cluster.ts';

const evicted = { reason: 'Evicted', message: 'The node was low on resource: ephemeral-storage.' };
const phases = ['Failed', 'Succeeded'] as const;

async function start(t: ExecutionContext, options: ManagerOptions = {}, settings: Record<string, string> = {}) {
  const annotations = { 'warmterm.dev/spare': '1', 'warmterm.dev/max': '2', 'warmterm.dev/connect-timeout': '1h' };
  const model = new ModelCluster({ annotations: { ...annotations, ...settings }, clock: () => 1_000_000 });
  const manager = startManager(model, { clock: () => 1_000_000, ...options });
  t.teardown(manager.stop);
  await settle(model, manager);
  const claim = (visitor: string) => manager.claim(visitor);
  return { model, manager, claim, pool: manager.pools.get('default')! };
}

for (const phase of phases) {
  test(`ended pod: ${phase}: its visitor gets another terminal at once, and the pod is recreated`, async (t) => {
    const { model, manager, claim, pool } = await start(t);
    const { pod } = await claim('ann');
    await settle(model, manager);
    model.endPod(pod.name, phase, evicted);
    manager.port.deliver();
    const again = await claim('ann');
    t.is(again.status, 'new');
    t.not(again.pod.name, pod.name);
    await settle(model, manager);
    t.like(model.pods.get(pod.name), { ready: true, taken: false });
    t.not(model.pods.get(pod.name)!.uid, pod.uid);
    t.deepEqual(
      model.events
        .filter(({ about, reason }) => about.name === pod.name && reason === 'Reaped')
        .map(({ message }) => message),
      [`Its pod has ended, with phase ${phase}: Evicted: ${evicted.message}`],
    );
    t.like(takeSnapshot(pool, 0).counts, { ready: 1, inUse: 1 });
    const text = await manager.metrics.registry.metrics();
    t.regex(text, /actions_total\{pool="default",action="reap",reason="pod-ended"\} 1\n/);
  });

  test(`ended pod: ${phase}: at max, the visitor waits only until the pod is recreated`, async (t) => {
    const { model, manager, claim } = await start(t, {}, { 'warmterm.dev/max': '1' });
    const { pod } = await claim('ann');
    await settle(model, manager);
    model.endPod(pod.name, phase, evicted);
    manager.port.deliver();
    const again = claim('ann');
    await settle(model, manager);
    t.is((await again).status, 'new');
    t.is((await again).pod.name, pod.name);
    t.not((await again).pod.uid, pod.uid);
  });

  test(`ended pod: ${phase}: never claimed, also by a manager with a late watch`, async (t) => {
    const { model, manager, claim, pool } = await start(t, {}, { 'warmterm.dev/spare': '2' });
    model.endPod('default-0', phase, evicted);
    const { pod } = await claim('ann');
    t.is(pod.name, 'default-1');
    await settle(model, manager);
    t.like(takeSnapshot(pool, 0).counts, { ready: 1, inUse: 1, broken: 0 });
    t.is((await claim('bob')).pod.name, 'default-0');
  });

  test(`ended pod: ${phase}: the same when the StatefulSet controller deletes the pod first`, async (t) => {
    const { model, manager, claim, pool } = await start(t);
    model.replacesEnded = [...phases];
    const { pod } = await claim('ann');
    await settle(model, manager);
    model.endPod(pod.name, phase, evicted);
    await settle(model, manager);
    t.like(takeSnapshot(pool, 0).counts, { ready: 2, inUse: 0 });
    t.is((await claim('ann')).status, 'new');
    t.deepEqual(model.deleted, []);
  });
}

test('ended pod: limits apply to a visitor whose pod was evicted', async (t) => {
  const { model, manager } = await start(t, {}, { 'warmterm.dev/claims-per-minute': '1' });
  const claim = () => manager.claim('ann', { origin: { address: 'somewhere' } });
  const { pod } = await claim();
  await settle(model, manager);
  model.endPod(pod.name, 'Failed', evicted);
  await settle(model, manager);
  await t.throwsAsync(claim, { message: /asked for one terminal within a minute/ });
});

test('ended pod: a hundred at once are deleted a few at a time', async (t) => {
  const { model, manager } = await start(t, {}, { 'warmterm.dev/spare': '100', 'warmterm.dev/max': '100' });
  const former = [...model.pods.values()].map(({ uid }) => uid);
  t.is(former.length, 100);
  let [open, most] = [0, 0];
  const { deleteAsSeen } = manager.port;
  manager.port.deleteAsSeen = async (pod) => {
    most = Math.max(most, ++open);
    const deleted = await deleteAsSeen.call(manager.port, pod);
    open--;
    return deleted;
  };
  for (const name of model.pods.keys()) model.endPod(name, 'Failed', evicted);
  await settle(model, manager);
  t.true(most <= 8, `${most} at once`);
  t.true([...model.pods.values()].every(({ uid, ready }) => ready && !former.includes(uid)));
});
