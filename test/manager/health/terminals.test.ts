import test from 'ava';
import { settle, startManager } from '../../helpers/manager.ts';
import { ModelCluster } from '../../helpers/model-cluster.ts';

test('inv 1, 7: terminals: a deleted pod cannot end or report for its successor of the same name', async (t) => {
  const model = new ModelCluster();
  const manager = startManager(model);
  t.teardown(manager.stop);
  await settle(model, manager);
  const { pod } = await manager.claim('ann');
  const former = { name: pod.name, uid: 'former' };
  const report = { connections: 1, connectedAt: new Date(0).toISOString() };
  await t.throwsAsync(manager.terminals.end(former), { code: 'forbidden' });
  await t.throwsAsync(manager.terminals.report(former, report), { code: 'forbidden' });
  t.like(model.pods.get(pod.name), { terminating: false, claim: { connectedAt: undefined } });
  t.is(manager.terminals.heardAt(pod.uid), undefined);
});

test('inv 3: terminals: a returning visitor learns how the last terminal ended, also from a restarted manager', async (t) => {
  const model = new ModelCluster();
  const manager = startManager(model);
  await settle(model, manager);
  const { pod, former: none } = await manager.claim('ann');
  t.is(none, undefined);
  await manager.terminals.end(pod, { reason: 'idle', idleMs: 900_000 });
  await settle(model, manager);
  const ended = {
    reason: 'idle' as const,
    idleMs: 900_000,
    name: pod.name,
    claimedAt: new Date(pod.claim!.claimedAt).toISOString(),
    visitor: 'ann',
  };
  t.deepEqual((await manager.claim('ann')).former, ended);
  await settle(model, manager);
  t.is((await manager.claim('bob')).former, undefined);
  await manager.stop();
  const successor = startManager(model);
  t.teardown(successor.stop);
  await settle(model, successor);
  const again = await successor.claim('ann');
  t.deepEqual([again.status, again.former], ['reconnected', ended]);
});

test('terminals: the reason of an end lasts until the next terminal of that name ends', async (t) => {
  const model = new ModelCluster();
  const manager = startManager(model);
  t.teardown(manager.stop);
  await settle(model, manager);
  const { pod } = await manager.claim('ann');
  await manager.terminals.end(pod, { reason: 'exit' });
  await settle(model, manager);
  const [pool] = manager.pools.all();
  t.is(pool?.formerOf('ann')?.reason, 'exit');
  const service = pool!.serviceOf(pod.ordinal)!;
  pool!.observeService({ ...service, lastEnd: { ...service.lastEnd!, visitor: 'bob' } });
  t.deepEqual([pool?.formerOf('ann'), pool?.formerOf('bob')?.reason], [undefined, 'exit']);
  pool!.observeServiceGone(pod.ordinal);
  t.is(pool?.formerOf('bob'), undefined);
});

test('inv 6: terminals: deletes a pod even if the reason cannot be written', async (t) => {
  const model = new ModelCluster();
  const manager = startManager(model);
  t.teardown(manager.stop);
  await settle(model, manager);
  const { pod } = await manager.claim('ann');
  manager.port.recordEnd = () => Promise.reject(new Error('no right to do so'));
  await manager.terminals.end(pod, { reason: 'exit' });
  t.true(model.pods.get(pod.name)?.terminating ?? true);
});
