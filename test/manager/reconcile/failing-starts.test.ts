// Terminals that never start: a broken image, pods that are not created, Services that are refused. The pool reports
// the cause, promises no time, and does not grow for them.

import test, { type ExecutionContext } from 'ava';
import { ServiceError } from '../../../common/errors.ts';
import { describePool } from '../../../manager/api/describe-pool.ts';
import { ApiError } from '../../../manager/kubernetes/api-error.ts';
import type { ExposureMode } from '../../../manager/model/observation.ts';
import { takeSnapshot } from '../../../manager/plan/snapshot.ts';
import { estimate } from '../../../manager/queue/estimate.ts';
import { settle, startManager } from '../../helpers/manager.ts';
import { ModelCluster } from '../../helpers/model-cluster.ts';

const second = 1_000;
const minute = 60 * second;
const noImage = { reason: 'ImagePullBackOff', message: 'Back-off pulling image "x"' };
const annotationsOf = (settings: Record<string, string>) =>
  Object.fromEntries(Object.entries(settings).map(([key, value]) => [`warmterm.dev/${key}`, value]));

function start(t: ExecutionContext, settings: Record<string, string>, exposure?: ExposureMode) {
  const time = { now: 0 };
  const clock = () => time.now;
  const model = new ModelCluster({ annotations: annotationsOf(settings), clock });
  const boot = () => startManager(model, { clock, ...(exposure && { exposure }) });
  let manager = boot();
  t.teardown(() => manager.stop());
  const pool = () => manager.pools.get('default')!;
  const look = async () => {
    pool().changed();
    await settle(model, manager);
  };
  return {
    model,
    time,
    pool,
    look,
    manager: () => manager,
    /** Advances the clock, with an evaluation at every `step`. */
    async pass(ms: number, step = minute): Promise<void> {
      for (const end = time.now + ms; time.now < end; ) {
        time.now += step;
        await look();
      }
    },
    async restart(): Promise<void> {
      await manager.stop();
      manager = boot();
      await settle(model, manager);
    },
    status: () => describePool(takeSnapshot(pool(), time.now, 0), new Map()),
    warnings: (reason: string) => model.warnings.filter((warning) => warning.startsWith(`${reason}: `)),
    promise: () => estimate(takeSnapshot(pool(), time.now), 1),
  };
}

const breakAll = (model: ModelCluster) => {
  for (let ordinal = 0; ordinal < 100; ordinal++) model.stuck.set(`default-${ordinal}`, noImage);
};

test('failing starts: a broken image does not grow an idle pool, also after a restart', async (t) => {
  const { model, time, manager, pass, restart, status, warnings, promise } = start(t, { spare: '2', max: '98' });
  breakAll(model);
  await settle(model, manager());
  const seen: number[] = [];
  for (const at of [0, 30, 60, 120, 240]) {
    await pass(at * minute - time.now);
    if (at === 60) await restart();
    seen.push(model.pool.replicas);
  }
  t.deepEqual(seen, [2, 4, 4, 4, 4]);
  t.true(promise().startsFail);
  t.is(warnings('ScaleUpStopped').length, 2, 'once by each manager');
  t.regex(
    warnings('ScaleUpStopped')[0]!,
    /4 terminals .* no more are created.*default-0.*ImagePullBackOff: Back-off pull/,
  );
  t.true(status().problems.some((problem) => problem.includes('no more are created')));
  model.stuck.clear();
  model.setRevision('good-2');
  await settle(model, manager());
  await pass(minute);
  t.like(status(), { ready: 4, broken: 0, problems: [] });
  t.false(promise().startsFail);
});

test('failing starts: the pool grows for waiting visitors while one pod of the template is Ready', async (t) => {
  const { model, manager, pass, look } = start(t, { spare: '1', max: '20', 'connect-timeout': '1h' });
  await settle(model, manager());
  breakAll(model);
  const { pod } = await manager().claim('ann');
  t.is(pod.name, 'default-0');
  await pass(30 * minute);
  const idle = model.pool.replicas;
  t.is(idle, 4, 'one in use and three broken: nobody waits');
  const bob = manager().claim('bob');
  model.stuck.delete('default-4');
  model.stuck.delete('default-5');
  await look();
  t.true(model.pool.replicas > idle);
  t.is((await bob).status, 'new');
});

test('failing starts: a broken template stops growth, and older pods serve', async (t) => {
  const { model, manager, pass, warnings } = start(t, { spare: '2', max: '50', 'connect-timeout': '1h' });
  await settle(model, manager());
  model.setRevision('bad-2');
  await pass(30 * minute);
  t.true(model.pool.replicas <= 6, `${model.pool.replicas}`);
  for (const visitor of ['ann', 'bob']) t.is((await manager().claim(visitor)).status, 'new');
  await pass(50 * minute);
  t.true(model.pool.replicas <= 7, `${model.pool.replicas}`);
  t.is(warnings('ScaleUpStopped').length, 1);
});

const quota = new ApiError(403, 'Forbidden', 'services "default-3" is forbidden: exceeded quota: small');
const full = new ApiError(
  500,
  'InternalError',
  'Internal error occurred: failed to allocate a nodePort: range is full',
);

for (const [name, refusal] of Object.entries({
  'a quota': quota,
  'a range of node ports that is used up': new ServiceError('unavailable', '500', { cause: full }),
})) {
  test(`failing starts: ${name}: unreachable pods are reported, are not ready, and do not grow the pool`, async (t) => {
    const { model, manager, pass, look, status, warnings, promise } = start(t, {
      spare: '3',
      max: '50',
      'connect-timeout': '1h',
    });
    model.refusals.service = (ordinal) => (ordinal >= 3 ? refusal : undefined);
    await settle(model, manager());
    t.like(status(), { ready: 3, unreachable: 0, problems: [] });
    for (const visitor of ['ann', 'bob', 'cid']) await manager().claim(visitor);
    await pass(10 * minute);
    const { ready, unreachable, replicas, pods, problems } = status();
    t.deepEqual({ ready, hidden: replicas - 3 - unreachable! }, { ready: 0, hidden: 0 });
    t.true(replicas <= 6, `${replicas}`);
    t.regex(pods[3]!.reason!, /^Unreachable: no Service can be made: .*(exceeded quota|range is full)/);
    t.is(pods[3]!.state, 'recreating');
    t.true(promise().startsFail);
    t.is(warnings('NotExposed').length, 1);
    t.regex(warnings('NotExposed')[0]!, /no Service can be created for default-3.*(exceeded quota|range is full)/);
    t.is(problems.length, 1);
    const waits = manager().claim('dan');
    await pass(10 * minute);
    t.is(model.pool.replicas, replicas);
    model.refusals.service = () => undefined;
    await pass(minute);
    t.is((await waits).status, 'new');
    await look();
    t.like(status(), { ready: 3, unreachable: 0, problems: [] });
  });
}

test('failing starts: a foreign Service blocks only its own ordinal', async (t) => {
  const { model, manager, pass, status, warnings } = start(t, { spare: '3', max: '50' });
  const taken = new ServiceError('conflict', '/api/v1/services/default-1 is there already, without the label');
  model.refusals.service = (ordinal) => (ordinal === 1 ? taken : undefined);
  await settle(model, manager());
  await pass(30 * minute);
  t.like(status(), { replicas: 4, ready: 3, broken: 1, unreachable: 0 });
  t.regex(warnings('NotExposed').join(), /for default-1: .*is there already/);
  t.deepEqual(warnings('BrokenTerminals'), []);
  t.is(model.pods.get('default-1')!.uid, 'uid-2', 'a new pod would get the same Service');
});

test('failing starts: with routes, a pod without one is not ready', async (t) => {
  const { model, manager, pass, status } = start(t, { spare: '2', max: '9' }, 'ingress');
  model.refusals.route = () => new ApiError(403, 'Forbidden', 'ingresses is forbidden');
  await settle(model, manager());
  await pass(minute);
  t.like(status(), { replicas: 2, ready: 0, unreachable: 2 });
  t.regex(status().problems.join(), /no route can be created for default-0 and default-1: ingresses is forbidden/);
});

test('failing starts: a pending Service and a silent API server are no failure', async (t) => {
  const { model, manager, status, promise } = start(t, { spare: '1', max: '9' });
  model.refusals.service = () => new ServiceError('timeout', 'no answer');
  await settle(model, manager());
  t.like(status(), { replicas: 1, ready: 0, recreating: 1, unreachable: 0, problems: [] });
  t.false(promise().startsFail);
});

test('failing starts: a missing pod is broken after the start timeout, with the message of the controller', async (t) => {
  const { model, time, manager, pass, status, warnings, promise } = start(t, { spare: '3', max: '50' });
  model.podQuota = 1;
  await settle(model, manager());
  t.like(status(), { replicas: 3, ready: 1, recreating: 2, broken: 0 });
  await pass(11 * second, second);
  t.true(promise().startsFail, 'the controller has said already that it fails');
  await pass(40 * minute);
  const { pods, ...counts } = status();
  t.like(counts, { replicas: 3, ready: 1, recreating: 0, broken: 2 });
  t.deepEqual(
    pods.map(({ name, state }) => `${name} ${state}`),
    ['default-0 ready', 'default-1 broken', 'default-2 broken'],
  );
  t.regex(pods[1]!.reason!, /^FailedCreate: create Pod default-1 .* exceeded quota: small$/);
  t.is(warnings('BrokenTerminals').length, 1);
  t.regex(warnings('BrokenTerminals')[0]!, /default-1, default-2 are not Ready: FailedCreate: .*exceeded quota: small/);
  model.podQuota = 9;
  time.now += second;
  await settle(model, manager());
  await pass(minute);
  t.like(status(), { ready: 3, broken: 0 });
  t.false(promise().startsFail);
});

test('failing starts: a pod that was moved to another pool is reported until it is deleted', async (t) => {
  const { model, manager, pass, status, warnings } = start(t, { spare: '3', max: '9', 'start-timeout': '20s' });
  await settle(model, manager());
  model.put({ ...model.pods.get('default-1')!, pool: 'quarantine' });
  model.remove('default-2');
  await pass(2 * minute, 5 * second);
  const { pods } = status();
  t.deepEqual(
    pods.map(({ name, state }) => `${name} ${state}`),
    ['default-0 ready', 'default-1 broken', 'default-2 broken'],
  );
  t.regex(pods[1]!.reason!, /another pod has the name default-1 \(with the label warmterm\.dev\/pool=quarantine\)/);
  t.regex(warnings('BrokenTerminals').join(), /default-1, default-2 .*another pod has the name default-1/);
  model.remove('default-1');
  await settle(model, manager());
  await pass(minute);
  t.like(status(), { ready: 3, broken: 0 });
});

test('failing starts: reads StatefulSet Events only while pods are missing, at most every 30 s', async (t) => {
  const { model, manager, pass } = start(t, { spare: '2', max: '9' });
  await settle(model, manager());
  let reads = 0;
  const { port } = manager();
  const { readCreateFailure } = port;
  port.readCreateFailure = () => {
    reads++;
    return readCreateFailure();
  };
  await pass(10 * minute);
  t.is(reads, 0);
  model.podQuota = 1;
  model.remove('default-1');
  await pass(10 * minute, 5 * second);
  t.is(reads, 20);
});

test('failing starts: a name too long for pod labels is reported at once', async (t) => {
  const { model, manager, status } = start(t, { spare: '1' });
  const observe = (statefulSet: string) =>
    manager().pools.observe({ kind: 'pool', name: statefulSet, object: { ...model.pool, name: 'long', statefulSet } });
  await settle(model, manager());
  observe('x'.repeat(53));
  const long = describePool(takeSnapshot(manager().pools.get('long')!, 0, 0), new Map());
  t.regex(long.problems.join(), /has 53 characters.*more than 52/);
  t.deepEqual(status().problems, []);
});

test('failing starts: the Event waits a minute for a reason, and is not written for slow pods', async (t) => {
  const { model, manager, pass, warnings } = start(t, { spare: '2', max: '2', 'start-timeout': '10m' });
  const vague = { reason: 'ContainersNotReady', message: 'containers with unready status: [terminal]' };
  model.stuck.set('default-0', vague);
  await settle(model, manager());
  await pass(10 * minute);
  t.deepEqual(warnings('BrokenTerminals'), []);
  model.stuck.clear();
  await settle(model, manager());
  await pass(20 * minute);
  t.deepEqual(warnings('BrokenTerminals'), []);
  model.stuck.set('default-1', vague);
  model.put({ ...model.pods.get('default-1')!, ready: false, trouble: vague, readyChangedAt: 30 * minute });
  await pass(10 * minute);
  t.deepEqual(warnings('BrokenTerminals'), []);
  await pass(22 * minute);
  t.is(warnings('BrokenTerminals').length, 1, 'an attempt that was broken for more than a minute');
});
