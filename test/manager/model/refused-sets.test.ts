// StatefulSets that cannot be pools: with disks that outlive pods, or update strategies that delete or keep pods.

import test, { type ExecutionContext } from 'ava';
import { readPool } from '../../../manager/kubernetes/objects.ts';
import type { ObservedPool } from '../../../manager/model/observation.ts';
import { planPool } from '../../../manager/plan/plan.ts';
import { takeSnapshot } from '../../../manager/plan/snapshot.ts';
import { refusalOf } from '../../../manager/queue/admission.ts';
import { settle, startManager } from '../../helpers/manager.ts';
import { ModelCluster } from '../../helpers/model-cluster.ts';

async function start(t: ExecutionContext, change: Partial<ObservedPool> = {}) {
  const model = new ModelCluster({ annotations: { 'warmterm.dev/spare': '2' } });
  model.setPool(change);
  const manager = startManager(model);
  t.teardown(manager.stop);
  await settle(model, manager);
  return { model, manager };
}

test('disks: a StatefulSet with volumeClaimTemplates is reported, and is not a pool', async (t) => {
  const { model, manager } = await start(t, { claimTemplates: ['data'], replicas: 1 });
  const error = await t.throwsAsync(manager.claim('ann'), { code: 'unavailable' });
  t.regex(error?.message ?? '', /disks would pass from one visitor to the next/);
  t.is(model.visitorsOf.size, 0);
  t.is(model.services.size, 0);
  t.regex(model.warnings.join(), /PersistentDisks: .*volumeClaimTemplates \(data\).*ephemeral\.volumeClaimTemplate/);
});

test('disks: a visitor keeps an existing terminal, which ends as usual', async (t) => {
  const { model, manager } = await start(t);
  const { pod } = await manager.claim('ann');
  await settle(model, manager);
  model.setPool({ claimTemplates: ['data'] });
  await settle(model, manager);
  t.is((await manager.claim('ann')).pod.uid, pod.uid);
  const pool = manager.pools.get('default')!;
  t.like(planPool(takeSnapshot(pool, 24 * 3_600_000)), { reap: [{ pod: { uid: pod.uid } }], scaleTo: undefined });
  t.is(refusalOf(pool)?.code, 'unavailable');
});

const raw = (spec: object) => {
  const metadata = { name: 'p', uid: 'u', resourceVersion: '1', labels: { 'warmterm.dev/pool': 'p' } };
  return readPool({ metadata, spec });
};

test('disks: no retention policy is an exception, because none deletes a claim with its pod', (t) => {
  const persistentVolumeClaimRetentionPolicy = { whenDeleted: 'Delete', whenScaled: 'Delete' };
  const volumeClaimTemplates = [{ metadata: { name: 'data' } }];
  t.deepEqual(raw({ volumeClaimTemplates, persistentVolumeClaimRetentionPolicy })?.claimTemplates, ['data']);
  t.is(raw({ volumeClaimTemplates: [] })?.claimTemplates, undefined);
});

test('updateStrategy: other than OnDelete is read with its partition, and reported', async (t) => {
  t.is(raw({ updateStrategy: { type: 'OnDelete' } })?.updateStrategy, undefined);
  t.is(
    raw({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } } })?.updateStrategy,
    'RollingUpdate',
  );
  const updateStrategy = 'RollingUpdate with partition 2';
  t.is(
    raw({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } })?.updateStrategy,
    updateStrategy,
  );
  const { model } = await start(t, { updateStrategy });
  t.regex(model.warnings.join(), /UpdateStrategy: .*RollingUpdate with partition 2.*to OnDelete/);
});

test('roll-out: stops and is reported when replacement brings back the old revision, and resumes after a change', async (t) => {
  const { model, manager } = await start(t);
  /** As with a partition: the controller keeps creating pods of revision-1. */
  const pin = () => {
    for (const pod of [...model.pods.values()])
      if (pod.revision !== 'revision-1') model.put({ ...pod, revision: 'revision-1' });
  };
  const reconcile = model.reconcile.bind(model);
  model.reconcile = () => {
    const { revision } = model.pool;
    model.pool.revision = 'revision-1';
    reconcile();
    model.pool.revision = revision;
    pin();
  };
  const uids = new Set([...model.pods.values()].map(({ uid }) => uid));
  model.setRevision('revision-2');
  for (let look = 0; look < 20; look++) {
    await settle(model, manager);
    for (const { uid } of model.pods.values()) uids.add(uid);
    manager.pools.get('default')!.changed();
  }
  t.true(uids.size <= 2 + 1 + 4, `${uids.size} pods were made`);
  t.regex(model.warnings.join(), /RolloutStopped: .*came back with the former template/);
  model.reconcile = reconcile;
  model.setRevision('revision-3');
  await settle(model, manager);
  t.true([...model.pods.values()].every(({ revision }) => revision === 'revision-3'));
});
