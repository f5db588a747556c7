import test from 'ava';
import { never, settle, startManager } from '../helpers/manager.ts';
import { ModelCluster } from '../helpers/model-cluster.ts';

test('inv 1, 7: a deleted pod neither ends nor reports for the pod that now has its name', async (t) => {
  const model = new ModelCluster();
  const manager = startManager(model);
  t.teardown(manager.stop);
  await settle(model, manager);
  const { pod } = await manager.claims.claim('ann', undefined, never);
  const former = { name: pod.name, uid: 'former' };
  const report = { connections: 1, connectedAt: new Date(0).toISOString() };
  await t.throwsAsync(manager.terminals.end(former), { code: 'forbidden' });
  await t.throwsAsync(manager.terminals.report(former, report), { code: 'forbidden' });
  t.like(model.pods.get(pod.name), { terminating: false, claim: { connectedAt: undefined } });
  t.is(manager.terminals.heardAt(pod.uid), undefined);
});
