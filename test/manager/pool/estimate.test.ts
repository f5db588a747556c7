import test from 'ava';
import { estimate } from '../../../manager/pool/estimate.ts';
import { noteDemand } from '../../../manager/pool/plan.ts';
import { Pool } from '../../../manager/pool/pool.ts';
import { Sessions } from '../../../manager/pool/sessions.ts';
import { ModelCluster } from '../../helpers/model-cluster.ts';

const minute = 60_000;

/** A pool of as many sessions as there are times of claims, whose pods take what they take at first: ten seconds. */
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

/** Sessions that last for ten minutes on average, four at a time: one ends every two and a half. */
function withEnds(pool: Pool, ends: number): Pool {
  pool.sessions.look(4, 0);
  for (let end = 1; end <= ends; end++) {
    pool.sessions.ended();
    pool.sessions.look(4, end * 2.5 * minute);
  }
  return pool;
}

test('whoever has a pod on its way can expect it when it has started', (t) => {
  const pool = poolOf([0, 0], { max: '4' });
  for (const place of [1, 2]) t.deepEqual(estimate(pool, place, 0), { expectedMs: 10_000, latestMs: undefined });
});

test('what is not known is not said; by when a lifetime is over is', (t) => {
  const pool = poolOf([0, 5 * minute], { max: '2', 'max-lifetime': '1h' });
  const at = (place: number) => estimate(pool, place, 10 * minute);
  t.deepEqual(at(1), { expectedMs: undefined, latestMs: 50 * minute + 10_000 });
  t.deepEqual(at(2), { expectedMs: undefined, latestMs: 55 * minute + 10_000 });
  t.deepEqual(at(3), { expectedMs: undefined, latestMs: undefined });
});

test('of four sessions of ten minutes one ends every two and a half', (t) => {
  const pool = withEnds(poolOf([0, 0, 0, 0], { max: '4' }), 6);
  const [first, third] = [1, 3].map((place) => estimate(pool, place, 0).expectedMs!);
  t.true(Math.abs(first! - 10_000 - 2.5 * minute) < 2_000, `${first}`);
  t.true(Math.abs(third! - 10_000 - 7.5 * minute) < 6_000, `${third}`);
});

test('nobody waits longer than until lifetimes are over', (t) => {
  const pool = withEnds(poolOf([0, 0, 0, 0], { max: '4', 'max-lifetime': '11m' }), 6);
  t.is(estimate(pool, 1, 10 * minute).expectedMs, minute + 10_000);
  t.is(estimate(pool, 1, 20 * minute).expectedMs, 10_000);
});

test('fewer than three ends tell nothing, and those of yesterday neither', (t) => {
  const sessions = new Sessions();
  sessions.look(1, 0);
  const mean: (number | undefined)[] = [];
  for (let end = 1; end <= 3; end++) {
    sessions.ended();
    sessions.look(1, end * minute);
    mean.push(sessions.meanMs === undefined ? undefined : Math.round(sessions.meanMs / minute));
  }
  t.deepEqual(mean, [undefined, undefined, 1]);
  sessions.look(0, 24 * 60 * minute);
  t.is(sessions.meanMs, undefined);
});

test('each end of a session is one, however it is heard of', (t) => {
  const pool = poolOf([0, 0, 0, 0]);
  const [a, b, c, d] = [0, 1, 2, 3].map((ordinal) => pool.pod(ordinal)!);
  noteDemand(pool, 0);
  pool.observePod({ ...a!, terminating: true, version: 100 });
  pool.observePodGone(0, a!.uid);
  pool.observePodGone(1, b!.uid);
  pool.observePod({ ...c!, uid: 'next', taken: false, claim: undefined, version: 101 });
  noteDemand(pool, minute);
  // Four for a minute, of which three ended.
  t.is(Math.round(pool.sessions.meanMs! / 1_000), 80);
  t.is(d!.claim?.visitor, 'v3');
});
