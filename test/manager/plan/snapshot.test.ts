import test from 'ava';
import { noticesOf } from '../../../manager/events/notices.ts';
import { Pool } from '../../../manager/model/pool.ts';
import { planPool } from '../../../manager/plan/plan.ts';
import { evaluatePool, takeSnapshot } from '../../../manager/plan/snapshot.ts';
import { ModelCluster } from '../../helpers/model-cluster.ts';

const annotations = { 'warmterm.dev/spare': 'auto', 'warmterm.dev/max': '20' };

function poolWithClaims() {
  const model = new ModelCluster({ replicas: 4, annotations });
  const pool = new Pool('default');
  pool.observeSpec(model.pool);
  const pods = [...model.pods.values()];
  for (const pod of pods) {
    const claim = { id: 'c', visitor: `v${pod.ordinal}`, claimedAt: 1_000, connectedAt: 1_000, restarts: 0 };
    pool.observePod({ ...pod, ready: true, taken: true, claim });
  }
  return { pool, pods };
}

test('snapshot: a later change of the pool changes no plan of an earlier snapshot', (t) => {
  const { pool, pods } = poolWithClaims();
  const snapshot = evaluatePool(pool, 2_000, 1);
  const before = [planPool(snapshot), noticesOf(snapshot), [...snapshot.pool.pods()].length];
  for (const { ordinal, uid } of pods) pool.observePodGone(ordinal, uid);
  pool.noteCreateFailure('uid', 'quota exceeded');
  pool.noteExposureFailure({ kind: 'Service', ordinal: 0, message: 'no', nameTaken: false });
  evaluatePool(pool, 900_000);
  t.deepEqual([planPool(snapshot), noticesOf(snapshot), [...snapshot.pool.pods()].length], before);
  t.notDeepEqual(planPool(takeSnapshot(pool, 900_000)), before[0]);
});

test('snapshot: taking one changes no estimate', (t) => {
  const [read, unread] = [poolWithClaims().pool, poolWithClaims().pool];
  for (let now = 2_000; now < 900_000; now += 10_000) takeSnapshot(read, now);
  const [one, other] = [evaluatePool(read, 900_000), evaluatePool(unread, 900_000)];
  t.deepEqual(one.pool.arrivalRates, other.pool.arrivalRates);
  t.deepEqual([one.neededLately, one.spare, one.requested], [other.neededLately, other.spare, other.requested]);
});
