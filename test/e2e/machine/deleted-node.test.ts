// `kubectl delete node` of one of two nodes, as an autoscaler or a spot market does without a warning.

import test from 'ava';
import { nodeName } from '../../../local/kubernetes/cluster.ts';
import { createVisitor, poolIsReady, poolStatus, startOnMachine, until } from '../../helpers/system.ts';

test.serial('inv 2: visitors of a deleted node get other terminals, and its spares move', async (t) => {
  const system = await startOnMachine(t, { replicas: 1, settings: { spare: '1', max: '6' } });
  const { kubernetes } = system;
  await poolIsReady(system, 1);
  const ann = createVisitor(system);
  const { name } = await ann.claim();
  await kubernetes.registerNode('other', nodeName);
  await kubernetes.annotate({ 'warmterm.dev/spare': '3' });
  await poolIsReady(system, 3);
  const before = await kubernetes.pods();
  const lost = before.filter(({ spec }) => spec.nodeName === nodeName);
  t.true(lost.length > 1 && lost.length < before.length, 'some are on each node');
  t.is(before.find(({ metadata }) => metadata.name === name)?.spec.nodeName, nodeName);

  await kubernetes.deleteNode(nodeName);
  const other = await until('another terminal for Ann', async () => {
    const claimed = await ann.claim();
    return claimed.status === 'new' && claimed;
  });
  t.is((await kubernetes.pod(other.name))?.spec.nodeName, 'other');
  await until('spares elsewhere', async () => (await poolStatus(system)).ready >= 3);
  const after = await until('no pod of the node that is gone', async () => {
    const pods = await kubernetes.pods();
    return pods.every(({ metadata }) => lost.every((pod) => pod.metadata.uid !== metadata.uid)) && pods;
  });
  t.true(after.every(({ spec }) => spec.nodeName === 'other'));
  t.is((await poolStatus(system)).inUse, 1);
});
