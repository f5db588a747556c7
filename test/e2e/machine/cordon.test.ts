// `kubectl cordon` of the only node: sessions continue, and no new visitor gets a terminal on it.

import test from 'ava';
import { nodeName } from '../../../local/kubernetes/cluster.ts';
import { createVisitor, isReady, poolIsReady, poolStatus, startOnMachine, until } from '../../helpers/system.ts';

test.serial('inv 5: a cordoned node keeps its sessions, and gets no visitors until uncordoned', async (t) => {
  const system = await startOnMachine(t, { replicas: 2, settings: { spare: '1', max: '4' } });
  await poolIsReady(system, 2);
  const visitor = createVisitor(system);
  await visitor.claim();
  await system.kubernetes.cordon(nodeName, true);
  await until('that it is known', async () => (await poolStatus(system)).ready === 0);

  t.is((await visitor.claim()).status, 'reconnected');
  const claim = createVisitor(system).claim();
  await until('one who waits', async () => (await poolStatus(system)).waiting === 1);
  const pending = await until('a pod for elsewhere', async () =>
    (await system.kubernetes.pods()).find((pod) => !isReady(pod)),
  );
  t.is(pending.status.podIP, undefined);

  await system.kubernetes.cordon(nodeName, false);
  t.is((await claim).status, 'new');
  await until('the pod that nobody had a place for', async () => {
    const pod = await system.kubernetes.pod(pending.metadata.name);
    return pod === undefined || isReady(pod);
  });
});
