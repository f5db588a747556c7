import test from 'ava';
import { Sessions } from '../../../manager/model/estimators/sessions.ts';
import { Pool } from '../../../manager/model/pool.ts';
import { evaluatePool, takeSnapshot } from '../../../manager/plan/snapshot.ts';

import { estimate } from '../../../manager/queue/estimate.ts';
import { ModelCluster } from '../../helpers/model-cluster.ts';

const minute = 60_000;

/** A pool with one session for each claim time. Its pods have the default start time of ten seconds. */
function poolOf(claims: number[], settings: Record<string, string> = {}): Pool {
  const annotations = Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [`warmterm.dev/${key}`, value]),
  );
  const model = new ModelCluster({ replicas: claims.length, annotations });
  const pool = new Pool('default');
  pool.observeSpec(model.pool);
  for (const pod of model.pods.values()) {
    const claim = { id: 'c', visitor: `v${pod.ordinal}`, claimedAt: claims[pod.ordinal]!, connectedAt: undefined };
    pool.observePod({ ...pod, taken: true, claim });
  }
  return pool;
}

/** Sessions of ten minutes on average, four at a time: one ends every two and a half minutes. */
function withEnds(pool: Pool, ends: number): Pool {
  pool.sessions.update(4, 0);
  for (let end = 1; end <= ends; end++) {
    pool.sessions.ended();
    pool.sessions.update(4, end * 2.5 * minute);
  }
  return pool;
}

test('estimate: starting pods are expected between the usual and the slowest start time', (t) => {
  const pool = poolOf([0, 0], { max: '4' });
  const at = (place: number) => estimate(takeSnapshot(pool, 0), place);
  t.like(at(1), { on: 'starts', range: { from: 10_000, to: 16_500 }, latestMs: undefined, terminals: 4 });
  t.like(at(2), { on: 'starts', range: { from: 10_000, to: 18_000 } });
});

test('estimate: a starting pod counts from its creation, and has no estimate once later than any before', (t) => {
  const model = new ModelCluster({ replicas: 1, annotations: { 'warmterm.dev/max': '1' } });
  const pool = new Pool('default');
  pool.observeSpec(model.pool);
  for (const pod of model.pods.values()) pool.observePod(pod);
  t.deepEqual(estimate(takeSnapshot(pool, 6_000), 1).range, { from: 4_000, to: 10_500 });
  t.deepEqual(estimate(takeSnapshot(pool, 12_000), 1).range, { from: 0, to: 4_500 });
  t.is(estimate(takeSnapshot(pool, 16_500), 1).range, undefined);
});

test('estimate: without three ended sessions there is no range, only the end of lifetimes', (t) => {
  const pool = poolOf([0, 5 * minute], { max: '2', 'max-lifetime': '1h' });
  const at = (place: number) => estimate(takeSnapshot(pool, 10 * minute), place);
  t.like(at(1), { range: undefined, latestMs: 50 * minute + 10_000 });
  t.like(at(2), { range: undefined, latestMs: 55 * minute + 10_000 });
  t.like(at(3), { range: undefined, latestMs: undefined });
});

test('estimate: nine of ten simulated waits are within the range', (t) => {
  const perSession = 10 * minute;
  let seed = 1;
  const exponential = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return -Math.log(seed / 2_147_483_647);
  };
  for (const [place, ends] of [
    [1, 4],
    [1, 30],
    [8, 4],
    [8, 30],
  ] as const) {
    let within = 0;
    for (let run = 0; run < 1_000; run++) {
      const sessions = new Sessions();
      sessions.update(10, 0);
      let now = 0;
      for (let end = 0; end < ends; end++) {
        now += (exponential() * perSession) / 10;
        sessions.ended();
        sessions.update(10, now);
      }
      const { from, to } = sessions.endRange(place, 10)!;
      let waited = 0;
      for (let end = 0; end < place; end++) waited += (exponential() * perSession) / 10;
      if (waited >= from && waited <= to) within++;
    }
    t.true(within > 850 && within < 950, `${within} of 1000 at position ${place} after ${ends} ends`);
  }
});

test('estimate: the range ends by the end of lifetimes', (t) => {
  const pool = withEnds(poolOf([0, 0, 0, 0], { max: '4', 'max-lifetime': '11m' }), 6);
  t.deepEqual(estimate(takeSnapshot(pool, 10 * minute), 1).range?.to, minute + 10_000);
  t.deepEqual(estimate(takeSnapshot(pool, 20 * minute), 1).range, { from: 10_000, to: 10_000 });
});

test('estimate: fewer than three ends, or ends of yesterday, give no estimate', (t) => {
  const sessions = new Sessions();
  sessions.update(1, 0);
  const mean: (number | undefined)[] = [];
  for (let end = 1; end <= 3; end++) {
    sessions.ended();
    sessions.update(1, end * minute);
    mean.push(sessions.meanMs === undefined ? undefined : Math.round(sessions.meanMs / minute));
  }
  t.deepEqual(mean, [undefined, undefined, 1]);
  sessions.update(0, 24 * 60 * minute);
  t.is(sessions.meanMs, undefined);
});

test('estimate: each end of a session counts once, however it is observed', (t) => {
  const pool = poolOf([0, 0, 0, 0]);
  const [a, b, c, d] = [0, 1, 2, 3].map((ordinal) => pool.pod(ordinal)!);
  evaluatePool(pool, 0);
  pool.observePod({ ...a!, terminating: true, version: 100 });
  pool.observePodGone(0, a!.uid);
  pool.observePodGone(1, b!.uid);
  pool.observePod({ ...c!, uid: 'next', taken: false, claim: undefined, version: 101 });
  evaluatePool(pool, minute);
  // Four sessions for a minute; three of them ended.
  t.is(Math.round(pool.sessions.meanMs! / 1_000), 80);
  t.is(d!.claim?.visitor, 'v3');
});
