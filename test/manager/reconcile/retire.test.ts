import test from 'ava';
import { shrinkPool } from '../../../manager/reconcile/retire.ts';
import { settle, startManager } from '../../helpers/manager.ts';
import { ModelCluster } from '../../helpers/model-cluster.ts';

test('inv 5: a pool does not shrink past a session that is ending, though the watch has not told of it', async (t) => {
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
  const to = await shrinkPool(port, pool, pool.spec!, { to: 1 }, (observation) => void pools.observe(observation));
  t.is(to, undefined);
  t.is(model.pool.replicas, 3);
});
