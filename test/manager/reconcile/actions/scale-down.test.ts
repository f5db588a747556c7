import test from 'ava';
import { retireAndScale } from '../../../../manager/reconcile/actions/scale-down.ts';
import { settle, startManager } from '../../../helpers/manager.ts';
import { ModelCluster } from '../../../helpers/model-cluster.ts';

test('inv 5: scale down: keeps an ordinal whose session is ending, also with a late watch', async (t) => {
  const model = new ModelCluster({ replicas: 3 });
  const manager = startManager(model);
  t.teardown(manager.stop);
  await settle(model, manager);
  const { pools, port } = manager;
  const going = model.put({ ...model.pods.get('default-2')!, terminating: true });
  port.deliver();
  const claim = { id: 'c', visitor: 'ann', claimedAt: 0, connectedAt: 0 };
  model.put({ ...going, uid: 'successor', taken: true, claim });
  const pool = pools.get('default')!;
  const to = await retireAndScale({ cluster: port, pools }, { pool, spec: pool.spec! }, { to: 1 });
  t.is(to, undefined);
  t.is(model.pool.replicas, 3);
});
