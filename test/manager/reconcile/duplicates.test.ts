// A visitor with two terminals, from managers that had not seen each other's claim. One is deleted, never both.

import test, { type ExecutionContext } from 'ava';
import type { ObservedPod } from '../../../manager/model/observation.ts';
import { settle, startManager } from '../../helpers/manager.ts';
import { ModelCluster, nextTurn } from '../../helpers/model-cluster.ts';

/** ann has default-0, and now default-1 too. The leader has not seen that yet. */
async function start(t: ExecutionContext) {
  const annotations = { 'warmterm.dev/spare': '2', 'warmterm.dev/max': '4', 'warmterm.dev/connect-timeout': '1h' };
  const model = new ModelCluster({ annotations, clock: () => 1_000_000 });
  const manager = startManager(model, { clock: () => 1_000_000 });
  t.teardown(manager.stop);
  await settle(model, manager);
  const { pod } = await manager.claim('ann');
  const claim = pod.claim!;
  const first = model.put({ ...model.pods.get(pod.name)!, claim: { ...claim, connectedAt: 1_000_000 } });
  await settle(model, manager);
  const later = { ...claim, id: 'another', claimedAt: claim.claimedAt + 1 };
  const second = model.put({ ...model.pods.get('default-1')!, taken: true, claim: later });
  return { model, manager, first, second };
}

test('inv 2: duplicates: the later terminal is deleted', async (t) => {
  const { model, manager, first, second } = await start(t);
  await settle(model, manager);
  t.is(model.pods.get(first.name)?.uid, first.uid);
  t.not(model.pods.get(second.name)?.uid, second.uid);
});

const ends: Record<string, (model: ModelCluster, first: ObservedPod) => void> = {
  'has gone': (model, { name }) => model.remove(name),
  'is going': (model, { name }) => void model.put({ ...model.pods.get(name)!, terminating: true }),
  'has ended': (model, { name }) => model.endPod(name, 'Failed'),
};
for (const [what, end] of Object.entries(ends)) {
  test(`inv 2: duplicates: the second terminal stays when the first one ${what} before a late watch reports it`, async (t) => {
    const { model, manager, first, second } = await start(t);
    end(model, first);
    manager.port.deliver(1);
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    await settle(model, manager);
    t.is(model.pods.get(second.name)?.uid, second.uid);
    t.is(manager.claims.find('ann')?.uid, second.uid);
  });
}
