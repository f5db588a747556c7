// Several managers on one cluster: what each does, and what only the one that leads does.

import test, { type ExecutionContext } from 'ava';
import type { ExposureMode } from '../../manager/pool/pool.ts';
import { FakeTime } from '../helpers/fake-time.ts';
import { settle, startManager, type TestManager } from '../helpers/manager.ts';
import { ModelCluster } from '../helpers/model-cluster.ts';

const never = new AbortController().signal;

async function start(t: ExecutionContext, settings: Record<string, string>, count = 2, exposure?: ExposureMode) {
  const annotations = Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [`warmterm.dev/${key}`, value]),
  );
  const model = new ModelCluster({ annotations });
  const time = new FakeTime();
  const managers = Array.from({ length: count }, () =>
    startManager(model, { time, clock: () => time.now, ...(exposure && { exposure }) }),
  );
  t.teardown(() => Promise.all(managers.map(({ stop }) => stop())));
  await time.settle();
  await settle(model, ...managers);
  const leader = managers.find(({ isLeader }) => isLeader())!;
  const others = managers.filter((manager) => manager !== leader);
  return { model, time, managers, leader, others };
}

/** Has the managers look at the pool as it is now. */
async function look(time: FakeTime, ...managers: TestManager[]): Promise<void> {
  for (const { port, controller, pools } of managers) {
    port.deliver();
    controller.touch(pools.get('default')!);
  }
  await time.settle();
}

test('inv 6: only the leader reaps; once it is dead, another does', async (t) => {
  const { model, time, leader, others } = await start(t, { spare: '1', 'connect-timeout': '30s' }, 3);
  const { pod } = await others[0]!.claims.claim('ann', undefined, never);
  const isReaped = () => model.pods.get(pod.name)?.uid !== pod.uid || model.pods.get(pod.name)!.terminating;
  await leader.stop();
  await time.pass(10_000);
  // Overdue, but nobody leads while the dead one's lease lasts.
  const later = model.pods.get(pod.name)!;
  model.put({ ...later, claim: { ...later.claim!, claimedAt: time.now - 30_000 } });
  await look(time, ...others);
  t.false(isReaped());
  await time.pass(10_000);
  t.is(others.filter(({ isLeader }) => isLeader()).length, 1);
  await look(time, ...others.filter(({ isLeader }) => !isLeader()));
  t.false(isReaped());
  await look(time, ...others);
  t.true(isReaped());
});

test('inv 4: claims and their refill need no leader', async (t) => {
  const { model, time, leader, others } = await start(t, { spare: '2', max: '6' });
  const [other] = others;
  await leader.stop();
  for (const visitor of ['a', 'b', 'c', 'd']) {
    const { status } = await other!.claims.claim(visitor, undefined, never);
    t.is(status, 'new');
    await settle(model, other!);
  }
  t.is(model.pool.replicas, 6);
  t.is(time.now, 0, 'without any wait for the lease of the dead');
  t.false(other!.isLeader());
});

test('inv 12: whoever waits at a manager that does not lead is served too', async (t) => {
  const { model, managers } = await start(t, { spare: '0', max: '6' }, 3);
  const claims = managers.flatMap(({ claims }, index) =>
    ['a', 'b'].map((visitor) => claims.claim(`${visitor}-${index}`, undefined, never)),
  );
  await settle(model, ...managers);
  const names = (await Promise.all(claims)).map(({ pod }) => pod.name);
  t.is(new Set(names).size, 6);
});

test('managers that see the same need at once meet it once', async (t) => {
  const { model, managers } = await start(t, { spare: '2', max: '20' }, 3);
  t.is(model.pool.replicas, 2);
  model.setPool({ annotations: { 'warmterm.dev/spare': '5', 'warmterm.dev/max': '20' } });
  await settle(model, ...managers);
  t.is(model.pool.replicas, 5);
  t.is(model.services.size, 5);
});

test('wrong settings are told by the leader only', async (t) => {
  const { model, managers } = await start(t, { spare: '2' }, 3);
  model.setPool({ annotations: { 'warmterm.dev/spare': 'lots' } });
  await settle(model, ...managers);
  t.is(model.warnings.length, 1);
});

test('with routes, a terminal is handed out at the host of its route', async (t) => {
  const { model, leader, others } = await start(t, { spare: '2' }, 2, 'ingress');
  t.deepEqual([...model.routes.keys()].sort(), ['default-0', 'default-1']);
  const { pod } = await others[0]!.claims.claim('ann', undefined, never);
  t.deepEqual(leader.pools.address(pod), { protocol: 'https', host: `${pod.name}.terminals.test`, port: 443 });
});

test('a route that was deleted is made again by any manager, and one that was changed restored by the leader', async (t) => {
  const { model, time, leader, others } = await start(t, { spare: '2' }, 2, 'ingress');
  model.withdraw('route', 'default-0');
  await look(time, ...others);
  t.true(model.routes.has('default-0'));
  model.putRoute({ ...model.routes.get('default-1')!, asTemplate: false });
  await look(time, ...others);
  t.false(model.routes.get('default-1')!.asTemplate);
  await look(time, leader);
  t.true(model.routes.get('default-1')!.asTemplate);
});

test('inv 5: the leader withdraws the way to an ordinal that was scaled away, once its pod is gone', async (t) => {
  const { model, time, managers, leader, others } = await start(t, { spare: '3', max: '3' }, 2, 'ingress');
  const ways = () => [...model.services.keys(), ...model.routes.keys()].filter((name) => name === 'default-2').length;
  model.setPool({ annotations: { 'warmterm.dev/spare': '2', 'warmterm.dev/max': '3' } });
  model.scale(2);
  await look(time, ...managers);
  t.is(ways(), 2, 'its pod is still ending');
  model.remove('default-2');
  await look(time, ...others);
  t.is(ways(), 2, 'this one does not lead');
  await look(time, leader);
  t.is(ways(), 0);
  await settle(model, ...managers);
  t.is(model.services.size, 2);
  t.is(model.routes.size, 2);
});
