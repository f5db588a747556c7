// Several managers on one cluster: the actions of each, and the actions of the leader only.

import test, { type ExecutionContext } from 'ava';
import type { ExposureMode } from '../../../manager/model/observation.ts';
import { spareOf, takeSnapshot } from '../../../manager/plan/snapshot.ts';

import { FakeTime } from '../../helpers/fake-time.ts';
import { settle, startManager, type TestManager } from '../../helpers/manager.ts';
import { ModelCluster } from '../../helpers/model-cluster.ts';

async function start(t: ExecutionContext, settings: Record<string, string>, count = 2, exposure?: ExposureMode) {
  const annotations = Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [`warmterm.dev/${key}`, value]),
  );
  const time = new FakeTime();
  const model = new ModelCluster({ annotations, clock: () => time.now });
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

/** Has the managers evaluate the current pool. */
async function look(time: FakeTime, ...managers: TestManager[]): Promise<void> {
  for (const { port, pools } of managers) {
    port.deliver();
    pools.get('default')!.changed();
  }
  await time.settle();
}

test('inv 6: reap: only the leader, and its successor', async (t) => {
  const { model, time, leader, others } = await start(t, { spare: '1', 'connect-timeout': '30s' }, 3);
  const { pod } = await others[0]!.claim('ann');
  const isReaped = () => model.pods.get(pod.name)?.uid !== pod.uid || model.pods.get(pod.name)!.terminating;
  await leader.stop();
  await time.pass(10_000);
  // The terminal is overdue, but no manager leads until the lease of the dead leader expires.
  const later = model.pods.get(pod.name)!;
  model.put({ ...later, claim: { ...later.claim!, claimedAt: time.now - 30_000 } });
  await look(time, ...others);
  t.false(isReaped());
  await time.pass(10_000);
  t.is(others.filter(({ isLeader }) => isLeader()).length, 1);
  await look(time, ...others.filter(({ isLeader }) => !isLeader()));
  t.false(isReaped());
  // inv 9: it has seen no report of a connection, but for a while no manager could receive one.
  await look(time, ...others);
  t.false(isReaped());
  await time.pass(15_000);
  await look(time, ...others);
  t.true(isReaped());
});

test('inv 5: reap: a late watch does not end a session that has connected meanwhile', async (t) => {
  const { model, time, leader, others } = await start(t, { spare: '1', 'connect-timeout': '30s' });
  const { pod } = await leader.claim('ann');
  await settle(model, leader, ...others);
  await others[0]!.terminals.report(pod, { connections: 1, connectedAt: new Date(time.now).toISOString() });
  await time.pass(31_000);
  leader.pools.get('default')!.changed();
  await time.settle();
  t.like(model.pods.get(pod.name), { uid: pod.uid, terminating: false });
  t.deepEqual(model.deleted, []);
});

test('inv 9: reap: a reported connection keeps its terminal, also when it could not be written', async (t) => {
  const { model, time, leader } = await start(t, { spare: '1', 'connect-timeout': '30s' }, 1);
  const { pod } = await leader.claim('ann');
  await settle(model, leader);
  leader.port.markConnected = () => Promise.reject(new Error('429'));
  const report = { connections: 1, connectedAt: new Date(time.now).toISOString() };
  await t.throwsAsync(leader.terminals.report(pod, report));
  await time.pass(60_000);
  await look(time, leader);
  t.deepEqual(model.deleted, []);
  t.like(model.pods.get(pod.name), { uid: pod.uid, terminating: false });
});

test('inv 9: reap: waits for reports after an outage of the API server', async (t) => {
  const { model, time, leader } = await start(t, { spare: '1', 'connect-timeout': '30s' }, 1);
  const { pod } = await leader.claim('ann');
  await settle(model, leader);
  await time.pass(26_000);
  leader.port.leaseFaults.push('lost-request');
  await time.pass(5_000);
  t.true(leader.isLeader());
  await look(time, leader);
  t.false(model.pods.get(pod.name)!.terminating);
  await time.pass(20_000);
  await look(time, leader);
  t.true(model.pods.get(pod.name)!.terminating);
});

test('inv 4: controller: claims and refills need no leader', async (t) => {
  const { model, time, leader, others } = await start(t, { spare: '2', max: '6' });
  const [other] = others;
  await leader.stop();
  for (const visitor of ['a', 'b', 'c', 'd']) {
    const { status } = await other!.claim(visitor);
    t.is(status, 'new');
    await settle(model, other!);
  }
  t.is(model.pool.replicas, 6);
  t.is(time.now, 0, 'without any wait for the lease of the dead');
  t.false(other!.isLeader());
});

test('inv 12: controller: a manager that is not leader serves its queue', async (t) => {
  const { model, managers } = await start(t, { spare: '0', max: '6' }, 3);
  const claims = managers.flatMap(({ claim }, index) => ['a', 'b'].map((visitor) => claim(`${visitor}-${index}`)));
  await settle(model, ...managers);
  const names = (await Promise.all(claims)).map(({ pod }) => pod.name);
  t.is(new Set(names).size, 6);
});

test('scale up: managers that see the same need scale once', async (t) => {
  const { model, managers } = await start(t, { spare: '2', max: '20' }, 3);
  t.is(model.pool.replicas, 2);
  model.setPool({ annotations: { 'warmterm.dev/spare': '5', 'warmterm.dev/max': '20' } });
  await settle(model, ...managers);
  t.is(model.pool.replicas, 5);
  t.is(model.services.size, 5);
});

test('events: only the leader reports invalid settings', async (t) => {
  const { model, managers } = await start(t, { spare: '2' }, 3);
  model.setPool({ annotations: { 'warmterm.dev/spare': 'lots' } });
  await settle(model, ...managers);
  t.is(model.warnings.length, 1);
});

test('expose: with routes, the address is the host of the route', async (t) => {
  const { model, leader, others } = await start(t, { spare: '2' }, 2, 'ingress');
  t.deepEqual([...model.routes.keys()].sort(), ['default-0', 'default-1']);
  const { pod } = await others[0]!.claim('ann');
  t.deepEqual(leader.pools.address(pod), { protocol: 'https', host: `${pod.name}.terminals.test`, port: 443 });
});

test('expose: any manager recreates a deleted route, the leader restores a changed one', async (t) => {
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

test('inv 5: withdraw: Service and route go after the pod of a removed ordinal', async (t) => {
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

/** Advances the clock without other changes. */
async function quiet(time: FakeTime, ms: number, ...managers: TestManager[]): Promise<void> {
  for (let left = ms; left >= 0; left -= 1_000) {
    await time.pass(1_000);
    await look(time, ...managers);
  }
}

test('inv 5: scale down: only the leader, after it has retired the pods', async (t) => {
  const settings = { spare: '1', max: '9', 'scale-down-delay': '10s' };
  const { model, time, managers, leader, others } = await start(t, settings);
  model.scale(4);
  await settle(model, ...managers);
  await quiet(time, 8_000, ...managers);
  t.is(model.pool.replicas, 4);
  await quiet(time, 10_000, ...others);
  t.is(model.pool.replicas, 4);
  await quiet(time, 3_000, leader);
  t.is(model.pool.replicas, 1);
  t.is(model.retired.size, 3);
});

test('inv 5: scale down: stops at a pod that is claimed meanwhile', async (t) => {
  const { model, time, managers, leader, others } = await start(t, { spare: '1', max: '9', 'scale-down-delay': '10s' });
  model.scale(5);
  await settle(model, ...managers);
  await quiet(time, 5_000, ...managers);
  // The leader's watch reports it too late.
  const pod = model.pods.get('default-2')!;
  await others[0]!.port.claimPod(pod, { id: 'c', visitor: 'ann', claimedAt: time.now });
  model.setPool({ annotations: { 'warmterm.dev/spare': '1', 'warmterm.dev/max': '1' } });
  const late = leader.port.queue.filter(({ kind }) => kind === 'pod');
  for (const observation of late) leader.port.queue.splice(leader.port.queue.indexOf(observation), 1);
  await look(time, leader);
  await time.settle();
  t.is(model.pool.replicas, 3);
  t.like(model.pods.get('default-2'), { uid: pod.uid, terminating: false });
  t.deepEqual(model.scaledAway, []);
});

test('replace: a pod that was retired by a killed manager is replaced', async (t) => {
  const { model, managers } = await start(t, { spare: '2' });
  const pod = model.put({ ...model.pods.get('default-1')!, taken: true, retired: true });
  await settle(model, ...managers);
  t.like(model.pods.get('default-1'), { retired: false, ready: true });
  t.not(model.pods.get('default-1')!.uid, pod.uid);
  t.is(model.pool.replicas, 2);
});

test('inv 5: replace: a new template reaches every unused pod; a broken one stops with one Event', async (t) => {
  const { model, time, managers, leader } = await start(t, { spare: '2', max: '9', 'connect-timeout': '1h' });
  const { pod } = await leader.claim('ann');
  await settle(model, ...managers);
  const revisions = () => [...model.pods.values()].map(({ revision }) => revision);
  model.setRevision('bad-2');
  await settle(model, ...managers);
  t.deepEqual(revisions(), ['revision-1', 'revision-1', 'revision-1', 'bad-2']);
  await quiet(time, 125_000, ...managers);
  t.is(model.warnings.length, 1);
  t.regex(model.warnings[0]!, /^RolloutStopped: .*default-3 is not ready after 120 s/);
  model.setRevision('good-3');
  await settle(model, ...managers);
  t.deepEqual(revisions().slice(0, 3), ['revision-1', 'good-3', 'good-3']);
  t.is(model.pods.get(pod.name)!.uid, pod.uid);
  await leader.claims.end('ann');
  await settle(model, ...managers);
  t.deepEqual([...new Set(revisions())], ['good-3']);
});

test('inv 2, 6: reap: a visitor of a dead node keeps the new terminal when the node returns', async (t) => {
  const { model, time, managers, leader, others } = await start(t, { spare: '1', 'connect-timeout': '1h' });
  const claim = () => others[0]!.claim('ann');
  const { pod: lost } = await claim();
  await settle(model, ...managers);
  model.setNode(lost.node!, { ready: false });
  await look(time, ...managers);
  t.is((await claim()).status, 'reconnected', 'it may be a matter of seconds');
  await time.pass(10_000);
  await look(time, ...managers);
  const { pod, status } = await claim();
  t.is(status, 'new');
  t.not(pod.node, lost.node);
  await look(time, leader);
  t.true(model.pods.get(lost.name)!.terminating);
  model.setNode(lost.node!, { ready: true });
  await settle(model, ...managers);
  t.not(model.pods.get(lost.name)?.uid, lost.uid);
  t.deepEqual([(await claim()).pod.uid, (await claim()).status], [pod.uid, 'reconnected']);
});

const settingsOfBroken = { spare: '1', max: '3', 'start-timeout': '10s', 'connect-timeout': '5m' };
const noImage = { reason: 'ImagePullBackOff', message: 'Back-off pulling image' };

test('retry: broken pods are reported once and retried with back-off, and others serve', async (t) => {
  const { model, time, managers } = await start(t, settingsOfBroken, 3);
  const ended: number[] = [];
  const watch = () => {
    const pod = model.pods.get('default-1');
    if (!pod?.terminating) return;
    ended.push(time.now);
    model.remove(pod.name);
    model.reconcile();
  };
  for (const name of ['default-1', 'default-2']) model.stuck.set(name, noImage);
  model.scale(2);
  const { pod } = await managers[0]!.claim('ann');
  t.is(pod.name, 'default-0');
  const from = time.now;
  for (let second = 0; second < 100; second++) {
    await look(time, ...managers);
    watch();
    await time.pass(1_000);
  }
  t.is(model.warnings.length, 1, model.warnings.join('\n'));
  t.regex(model.warnings[0]!, /^BrokenTerminals: .*default-1.*ImagePullBackOff: Back-off pulling image/);
  t.deepEqual(
    ended.map((at) => Math.round((at - from) / 1_000)),
    [10, 30, 70],
  );
  t.is(model.pool.replicas, 3, 'a third was tried for the one that did not come');
  t.false(model.pods.get('default-0')!.terminating);
  model.stuck.clear();
  await settle(model, ...managers);
  const { name } = (await managers[1]!.claim('bob')).pod;
  t.not(name, 'default-0');
});

test('events: broken pods are reported again only after a healthy period', async (t) => {
  const { model, time, managers, leader } = await start(t, settingsOfBroken);
  const pass = async (ms: number) => {
    await time.pass(ms);
    await look(time, ...managers);
  };
  const restart = (name: string) => {
    model.remove(name);
    model.reconcile();
  };
  model.scale(3);
  await settle(model, ...managers);
  for (const name of ['default-1', 'default-2']) model.stuck.set(name, noImage);
  restart('default-1');
  await pass(5_000);
  restart('default-2');
  await pass(5_000);
  t.is(model.warnings.length, 1);
  model.stuck.delete('default-1');
  restart('default-1');
  model.become('default-1');
  await pass(4_000);
  t.is(takeSnapshot(leader.pools.get('default')!, time.now).counts.broken, 0);
  await pass(1_000);
  t.true(model.pods.get('default-2')!.terminating, 'it was broken, and is tried again');
  t.is(model.warnings.length, 1, 'the second has the trouble of the first');
  model.stuck.clear();
  await settle(model, ...managers);
  await pass(11_000);
  model.stuck.set('default-1', noImage);
  restart('default-1');
  await pass(10_000);
  t.is(model.warnings.length, 2);
});

test('inv 5: retry: keeps a broken pod that becomes Ready and is claimed meanwhile', async (t) => {
  const { model, time, leader, others } = await start(t, settingsOfBroken);
  model.stuck.set('default-1', noImage);
  model.scale(2);
  await look(time, leader, ...others);
  await time.pass(9_000);
  // The leader's watch does not report the next changes.
  model.stuck.clear();
  model.become('default-1');
  for (const other of others) other.port.deliver();
  // Which of the two pods comes first depends on the share of this manager.
  const anns = await others[0]!.claim('ann');
  const bobs = await others[0]!.claim('bob');
  const { pod } = [anns, bobs].find(({ pod }) => pod.name === 'default-1')!;
  await time.pass(5_000);
  leader.pools.get('default')!.changed();
  await time.settle();
  t.is(takeSnapshot(leader.pools.get('default')!, time.now).counts.broken, 1, 'so it still believes');
  t.like(model.pods.get('default-1'), { uid: pod.uid, terminating: false });
});

test('scale up: spare auto is the same at every manager', async (t) => {
  const { model, time, managers, leader, others } = await start(t, { spare: 'auto', max: '40' });
  const spares = () => managers.map(({ pools }) => spareOf(takeSnapshot(pools.get('default')!, time.now)));
  const [quiet] = spares();
  for (let visitor = 0; visitor < 12; visitor++) {
    await others[0]!.claim(`visitor-${visitor}`);
    await settle(model, ...managers);
    await time.pass(1_000);
  }
  const [busy, alike] = spares();
  t.is(busy, alike);
  t.true(busy! > quiet!, `${quiet} → ${busy}`);
  const { ready } = takeSnapshot(leader.pools.get('default')!, time.now).counts;
  t.true(ready >= busy!, `${ready} ready of ${busy}`);
});

test('events: reasons of scaling and reaping, on the StatefulSet and on the pod', async (t) => {
  const { model, time, managers, leader } = await start(t, { spare: '1', 'connect-timeout': '30s' });
  const told = () => model.events.map(({ about, type, reason, count }) => `${about.name} ${type} ${reason} ${count}`);
  t.deepEqual(told(), ['default Normal ScaledUp 1']);
  for (const visitor of ['ann', 'bob']) {
    await leader.claim(visitor);
    await settle(model, ...managers);
  }
  t.is(model.pool.replicas, 3);
  t.deepEqual(told(), ['default Normal ScaledUp 1'], 'what follows soon is gathered');
  await quiet(time, 31_000, ...managers);
  t.deepEqual(told().slice(1).sort(), [
    'default Normal Reaped 1',
    'default Normal ScaledUp 2',
    'default-0 Normal Reaped 1',
    'default-1 Normal Reaped 1',
  ]);
  await quiet(time, 30_000, ...managers);
  t.true(told().includes('default Normal Reaped 1'));
  t.regex(model.events.find(({ reason }) => reason === 'Reaped')!.message, /connect-timeout/);
});

test('events: a refused Event delays nothing', async (t) => {
  const { model, leader, managers } = await start(t, { spare: '1' });
  for (const { port } of managers) port.recordEvent = () => Promise.reject(new Error('no'));
  await leader.claim('ann');
  await settle(model, ...managers);
  t.is(model.pool.replicas, 2);
});
