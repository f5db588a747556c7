import test, { type ExecutionContext } from 'ava';
import { followProgress, type Progress } from '../../../manager/events/progress.ts';
import { takeSnapshot } from '../../../manager/plan/snapshot.ts';
import { settle, startManager } from '../../helpers/manager.ts';
import { ModelCluster } from '../../helpers/model-cluster.ts';

/** A manager on a pool; `look` returns the news at a time. */
async function start(t: ExecutionContext, annotations: Record<string, string>, replicas = 0) {
  const model = new ModelCluster({ annotations, replicas });
  const manager = startManager(model);
  t.teardown(manager.stop);
  await settle(model, manager);
  let progress: Progress = {};
  const look = (now: number) => {
    const seen = followProgress(takeSnapshot(manager.pools.get('default')!, now), progress);
    progress = seen.progress;
    return seen.steps.map(({ reason, message }) => `${reason}: ${message}`);
  };
  return { model, manager, look };
}

test('progress: records the start and the end of a roll-out once each', async (t) => {
  const { model, manager, look } = await start(t, { 'warmterm.dev/spare': '2' });
  await manager.claim('ann');
  await settle(model, manager);
  t.deepEqual(look(0), []);
  model.setPool({ revision: undefined as unknown as string });
  manager.port.deliver();
  t.deepEqual(look(0), []);
  model.setRevision('revision-2');
  manager.port.deliver();
  t.deepEqual(look(0), [
    'RolloutStarted: The template has changed. Unused terminals are replaced, at most 1 at a time: 2. In use: 1; each is replaced when its session ends.',
  ]);
  t.deepEqual(look(0), []);
  model.setPool({ revision: undefined as unknown as string });
  manager.port.deliver();
  t.deepEqual(look(0), [], 'which revision is made now is not known for a moment');
  model.setPool({ revision: 'revision-2' });
  await settle(model, manager);
  t.deepEqual(look(0), [
    'RolloutFinished: All unused terminals have the changed template. In use: 1; each is replaced when its session ends.',
  ]);
  t.deepEqual(look(0), []);
});

test('progress: a template changed during a roll-out is a roll-out of its own', async (t) => {
  const { model, manager, look } = await start(t, { 'warmterm.dev/spare': '2' });
  model.setRevision('bad-2');
  manager.port.deliver();
  t.regex(look(0)[0]!, /^RolloutStarted/);
  model.setRevision('revision-3');
  manager.port.deliver();
  t.regex(look(0)[0]!, /^RolloutStarted/);
  await settle(model, manager);
  t.regex(look(0)[0]!, /^RolloutFinished/);
});

test('progress: records requested replicas beyond the need, unless visitors soon explain them', async (t) => {
  const { model, manager, look } = await start(t, { 'warmterm.dev/spare': '1' });
  model.scale(4);
  await settle(model, manager);
  t.deepEqual(look(4_999), []);
  t.deepEqual(look(5_000), [
    'ReplicasKept: An administrator requested 4 replicas, more than are needed. They are kept until no visitor has come for 5m (scale-down-delay).',
  ]);
  t.deepEqual(look(6_000), []);
  t.deepEqual(look(400_000), [], 'the wish is over');
  model.scale(6);
  await settle(model, manager);
  t.is(look(405_000).length, 0);
});

test('progress: a manager that starts at a pool with surplus replicas records no request', async (t) => {
  const { look } = await start(t, { 'warmterm.dev/spare': '1' }, 4);
  t.deepEqual([look(0), look(5_000), look(60_000)], [[], [], []]);
});
