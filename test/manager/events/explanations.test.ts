import test from 'ava';
import { explainGrowth, explainReap, explainShrink } from '../../../manager/events/explanations.ts';
import type { ObservedPod } from '../../../manager/model/observation.ts';
import { defaultSettings } from '../../../manager/model/settings.ts';
import type { ReapReason } from '../../../manager/plan/plan.ts';
import { takeSnapshot } from '../../../manager/plan/snapshot.ts';
import { settle, startManager } from '../../helpers/manager.ts';
import { ModelCluster } from '../../helpers/model-cluster.ts';

const growth = test.macro<
  [
    {
      settings: Record<string, string>;
      visitors?: number;
      waiting?: number;
      change?: (model: ModelCluster) => void;
      to: number;
      says: string;
    },
  ]
>({
  title: (_, { says }) => says,
  async exec(t, { settings, visitors = 0, waiting = 0, change = () => {}, to, says }) {
    const annotations = Object.fromEntries(
      Object.entries(settings).map(([key, value]) => [`warmterm.dev/${key}`, value]),
    );
    const model = new ModelCluster({ annotations });
    const manager = startManager(model);
    t.teardown(manager.stop);
    await settle(model, manager);
    for (let visitor = 0; visitor < visitors; visitor++) {
      await manager.claim(`v${visitor}`);
      await settle(model, manager);
    }
    change(model);
    manager.port.deliver();
    t.is(explainGrowth(takeSnapshot(manager.pools.get('default')!, 0, waiting), to), says);
  },
});

test(growth, {
  settings: { spare: '2' },
  visitors: 1,
  to: 4,
  says: 'Scaled up from 3 to 4 replicas: 1 in use, 2 ready, 0 starting; wanted free: 2 spare.',
});
test(growth, {
  settings: { spare: '2', max: '40' },
  visitors: 1,
  change: (model) => {
    const course = { name: 'git-course', from: '1970-01-01T00:00Z', to: '1970-01-01T03:00Z', ready: 20 };
    const annotations = { ...model.pool.annotations, 'warmterm.dev/prewarm': JSON.stringify([course]) };
    model.setPool({ annotations });
  },
  to: 22,
  says: 'Scaled up from 3 to 22 replicas: 1 in use, 2 ready, 0 starting; wanted free: 19 seats of git-course (prewarm).',
});
test(growth, {
  settings: { spare: '50%', max: '4' },
  visitors: 2,
  waiting: 2,
  to: 4,
  says: 'Scaled up from 3 to 4 replicas: 2 in use, 1 ready, 0 starting; wanted free: 1 spare (50%) and 2 for visitors who wait. That is max.',
});
test(growth, {
  settings: { spare: '1', min: '5' },
  change: (model) => model.scale(2),
  to: 5,
  says: 'Scaled up from 2 to 5 replicas: 0 in use, 2 ready, 0 starting; wanted free: 1 spare. min is 5.',
});
test(growth, {
  settings: { spare: '1' },
  visitors: 2,
  change: (model) => model.setPool({ replicas: 1 }),
  to: 3,
  says: 'Scaled up from 1 to 3 replicas: 1 in use, 0 ready, 0 starting; wanted free: 1 spare. In use above the replicas: 1.',
});
test(growth, {
  settings: { spare: '2' },
  change: (model) => model.setNode('node-2', { cordoned: true }),
  to: 3,
  says: 'Scaled up from 2 to 3 replicas: 0 in use, 1 ready, 0 starting; wanted free: 2 spare. On unschedulable nodes: 1.',
});
test(growth, {
  settings: { spare: '1' },
  change: (model) => model.setRevision('revision-2'),
  to: 2,
  says: 'Scaled up from 1 to 2 replicas: 0 in use, 1 ready, 0 starting; wanted free: 1 spare and 1 to roll the template out.',
});

test('explanations: a pool shrinks because of low need or a lower max', async (t) => {
  const model = new ModelCluster({ annotations: { 'warmterm.dev/max': '8', 'warmterm.dev/scale-down-delay': '90s' } });
  const manager = startManager(model);
  t.teardown(manager.stop);
  await settle(model, manager);
  const pool = manager.pools.get('default')!;
  t.is(
    explainShrink(pool, 7, 3),
    'Scaled down from 7 to 3 replicas: no more was needed within 90s (scale-down-delay).',
  );
  t.is(
    explainShrink(pool, 9, 8),
    'Scaled down from 9 to 8 replicas: max is 8, and the removed terminals were not in use.',
  );
});

test('explanations: a reaped session names the setting that ended it, or why its pod ended', (t) => {
  const trouble = { reason: 'Evicted', message: 'The node was low on resource: ephemeral-storage.' };
  const pod = { name: 'p-0', ended: 'Failed', trouble, terminating: false } as ObservedPod;
  const explain = (reason: ReapReason) => explainReap(pod, reason, defaultSettings);
  t.is(
    explain('pod-ended'),
    'Its pod has ended, with phase Failed: Evicted: The node was low on resource: ephemeral-storage.',
  );
  t.is(explain('max-lifetime'), 'The session has lasted for 6h (max-lifetime).');
  t.regex(explain('never-connected'), /within 15s of the claim \(connect-timeout\)/);
  t.regex(explain('node-lost'), /node is unreachable/);
});
