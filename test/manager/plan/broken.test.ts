// Pods that do not become Ready: when they are broken, when they are retried, and how the pool acts meanwhile.

import test from 'ava';
import { describeWaiting } from '../../../manager/api/describe-waiting.ts';
import type { ObservedPod } from '../../../manager/model/observation.ts';
import { Pool } from '../../../manager/model/pool.ts';
import { PoolFacts } from '../../../manager/model/pool-facts.ts';
import {
  describeBroken,
  isBroken,
  podStateAt,
  podsToRetry,
  reasonOf,
  startsFail,
} from '../../../manager/plan/broken.ts';
import { planPool, withoutLead } from '../../../manager/plan/plan.ts';
import { takeSnapshot } from '../../../manager/plan/snapshot.ts';
import { estimate } from '../../../manager/queue/estimate.ts';

const minute = 60_000;
const pull = { reason: 'ImagePullBackOff', message: 'Back-off pulling image "x"' };
let uids = 0;

const starting = (ordinal: number, rest: Partial<ObservedPod> = {}): ObservedPod => ({
  name: `p-${ordinal}`,
  uid: `uid-${uids++}`,
  pool: 'p',
  ordinal,
  version: 1,
  node: 'n',
  podAddress: undefined,
  healthAddress: undefined,
  createdAt: 0,
  ready: false,
  readyChangedAt: undefined,
  trouble: pull,
  terminating: false,
  taken: false,
  retired: false,
  revision: undefined,
  claim: undefined,
  annotated: true,
  ...rest,
});

/** A pool with a start timeout of two minutes. */
function poolOf(pods: ObservedPod[], settings: Record<string, string> = {}): Pool {
  const pool = new Pool('p', { hostOf: () => '192.0.2.1' });
  const annotations = Object.fromEntries(
    Object.entries({ 'start-timeout': '2m', ...settings }).map(([key, value]) => [`warmterm.dev/${key}`, value]),
  );
  const replicas = pods.length;
  pool.observeSpec({
    name: 'p',
    statefulSet: 'p',
    uid: 'p',
    version: 1,
    createdAt: 0,
    replicas,
    revision: undefined,
    annotations,
  });
  for (const pod of pods) {
    pool.observePod(pod);
    const { name, ordinal } = pod;
    pool.observeService({ name, uid: `service-${ordinal}`, pool: 'p', ordinal, nodePort: 30_000 + ordinal });
  }
  return pool;
}

test('broken: a pod that was expected to be Ready for the whole start timeout', (t) => {
  const pool = poolOf([starting(0)]);
  const at = (pod: ObservedPod, minutes: number) => podStateAt(pod, new PoolFacts(pool, minutes * minute));
  t.is(at(starting(0), 1.9), 'recreating');
  t.is(at(starting(0), 2), 'broken');
  t.is(at(starting(0, { readyChangedAt: minute }), 2), 'recreating', 'it had to wait for a node');
  t.is(at(starting(0, { readyChangedAt: minute }), 3), 'broken');
  const ready = starting(0, { ready: true, readyChangedAt: minute });
  pool.observePod(ready);
  t.is(at(ready, 90), 'ready');
});

test('broken: never a claimed pod, but one whose deletion does not end', (t) => {
  const pool = poolOf([]);
  t.false(isBroken(starting(0, { taken: true }), new PoolFacts(pool, 90 * minute)));
  const stuck = starting(0, { taken: true, terminating: true, readyChangedAt: minute });
  t.true(isBroken(stuck, new PoolFacts(pool, 90 * minute)));
  t.regex(reasonOf(stuck), /^Terminating/);
});

test('broken: broken pods are not expected spares, so the pool grows beyond them, up to max', (t) => {
  const pods = [starting(0), starting(1), starting(2, { ready: true, readyChangedAt: 1 })];
  const pool = poolOf(pods, { spare: '3', max: '20' });
  t.is(planPool(takeSnapshot(pool, minute)).scaleTo, undefined);
  t.is(planPool(takeSnapshot(pool, 3 * minute)).scaleTo, 5);
  t.like(takeSnapshot(pool, 3 * minute).counts, { ready: 1, inUse: 0, recreating: 0, broken: 2 });
  t.is(planPool(takeSnapshot(poolOf(pods, { spare: '3', max: '4' }), 3 * minute)).scaleTo, 4);
});

test('broken: retried at the start timeout, then with back-off, which ends when a pod is Ready', (t) => {
  const pool = poolOf([starting(0)]);
  const patience = () => {
    for (let minutes = 0; minutes <= 200; minutes++) {
      if (podsToRetry(new PoolFacts(pool, minutes * minute)).length > 0) return minutes;
    }
    return undefined;
  };
  const seen = [];
  for (let attempt = 0; attempt < 8; attempt++) {
    seen.push(patience());
    pool.observePod(starting(0));
  }
  t.deepEqual(seen, [2, 4, 8, 16, 32, 64, 64, 64]);
  pool.observePod(starting(0, { ready: true, readyChangedAt: 1 }));
  pool.observePod(starting(0));
  t.is(patience(), 2);
});

test('inv 5: broken: only the leader retries, and only pods that are neither claimed nor terminating', (t) => {
  const pods = [starting(0, { taken: true }), starting(1, { terminating: true }), starting(2), starting(3)];
  pods[3] = { ...pods[3]!, ready: true };
  const pool = poolOf(pods);
  const plan = planPool(takeSnapshot(pool, 60 * minute));
  t.deepEqual(
    plan.retry.map(({ name }) => name),
    ['p-2'],
  );
  t.deepEqual(withoutLead(plan).retry, []);
});

test('broken: pods are described by their reasons', (t) => {
  const crash = { reason: 'CrashLoopBackOff', message: '' };
  const pods = [0, 1, 2, 3].map((ordinal) => starting(ordinal));
  const pool = poolOf([...pods, starting(4, { trouble: crash }), starting(5, { trouble: undefined })]);
  t.is(describeBroken(new PoolFacts(pool, minute)), undefined);
  t.is(
    describeBroken(new PoolFacts(pool, 2 * minute)),
    'p-0, p-1, p-2 and 1 more are not Ready: ImagePullBackOff: Back-off pulling image "x"; ' +
      'p-4 is not Ready: CrashLoopBackOff; p-5 is not Ready: Kubernetes does not say why',
  );
});

test('broken: starts fail while a failing pod is newer than every pod that started', (t) => {
  const crash = { reason: 'CrashLoopBackOff', message: '' };
  const fails = (...pods: ObservedPod[]) => startsFail(new PoolFacts(poolOf(pods), minute));
  t.false(fails());
  t.false(fails(starting(0, { trouble: undefined })));
  t.false(fails(starting(0, { trouble: { reason: 'ContainersNotReady', message: '' } })));
  t.false(fails(starting(0, { trouble: { reason: 'Unschedulable', message: '' } })), 'a node may be added');
  t.true(fails(starting(0, { trouble: crash })), 'long before it is broken');
  t.true(
    startsFail(new PoolFacts(poolOf([starting(0, { trouble: undefined })]), 2 * minute)),
    'broken for an unknown reason',
  );
  const claim = { id: 'c', visitor: 'v', claimedAt: 0, connectedAt: 1 };
  const older = starting(0, { createdAt: 0, ready: true, taken: true, claim });
  t.true(fails(older, starting(1, { createdAt: 1, trouble: crash })));
  t.false(fails({ ...older, createdAt: 2 }, starting(1, { createdAt: 1, trouble: crash })), 'others start since');
});

test('broken: starts still fail during a retry, until the template changes', (t) => {
  const pool = poolOf([starting(0, { revision: 'one' })]);
  pool.observePod(starting(0, { revision: 'one', trouble: undefined }));
  t.true(startsFail(new PoolFacts(pool, 0)));
  pool.observePod(starting(0, { revision: 'two', trouble: undefined }));
  t.false(startsFail(new PoolFacts(pool, 0)));
});

test('broken: a waiting visitor gets no expected time while starts fail', (t) => {
  const pool = poolOf([starting(0)]);
  t.true(estimate(takeSnapshot(pool, 0), 1).startsFail);
  t.like(describeWaiting({ pool, position: 1, waiting: 1, claiming: 0 }, 0), {
    expectedSeconds: undefined,
    latestSeconds: undefined,
    cause: 'starts-fail',
  });
  pool.observePod(starting(0, { ready: true }));
  t.truthy(estimate(takeSnapshot(pool, 0), 1).range);
  t.false(estimate(takeSnapshot(pool, 0), 1).startsFail);
});

test('broken: pods that end before they are Ready are retried at once, then after one and two start timeouts', (t) => {
  const trouble = { reason: 'Evicted', message: 'The node had condition: [DiskPressure].' };
  const end = (createdAt: number) => starting(0, { createdAt, readyChangedAt: createdAt, ended: 'Failed', trouble });
  const pool = poolOf([end(0)]);
  const done = (now: number) => [
    ...planPool(takeSnapshot(pool, now)).reap.map(({ reason }) => reason),
    ...podsToRetry(new PoolFacts(pool, now)).map(() => 'retry'),
  ];
  t.deepEqual(done(0), ['pod-ended']);
  t.is(describeBroken(new PoolFacts(pool, 0)), undefined);
  for (const pause of [2, 4, 8]) {
    const former = pool.pod(0)!;
    const at = former.createdAt + 60 * minute;
    pool.observePodGone(0, former.uid);
    pool.observePod(end(at));
    t.is(takeSnapshot(pool, at).counts.broken, 1);
    t.deepEqual(done(at + pause * minute - 1), [], `${pause} minutes`);
    t.deepEqual(done(at + pause * minute), ['retry']);
    t.is(describeBroken(new PoolFacts(pool, at)), 'p-0 is not Ready: Evicted: The node had condition: [DiskPressure].');
  }
  const former = pool.pod(0)!;
  pool.observePodGone(0, former.uid);
  pool.observePod(starting(0, { createdAt: 1, ready: true }));
  pool.observePod(end(1));
  t.deepEqual(done(60 * minute), ['pod-ended'], 'one that was Ready');
});
