import test from 'ava';
import { Pool } from '../../../manager/model/pool.ts';
import { evaluatePool } from '../../../manager/plan/snapshot.ts';

import { ModelCluster } from '../../helpers/model-cluster.ts';
import { ToldVisitor } from '../../helpers/promises.ts';

const minute = 60_000;

/** A pool of 100 sessions, one of which has ended every 3.25 seconds, and the time of the last end. */
function busyPool(settings: Record<string, string> = {}) {
  const annotations = { 'warmterm.dev/max': '100', 'warmterm.dev/max-lifetime': '3h', ...settings };
  const model = new ModelCluster({ replicas: 100, annotations });
  const pool = new Pool('default');
  pool.observeSpec(model.pool);
  for (const pod of model.pods.values()) {
    const claim = { id: 'c', visitor: `v${pod.ordinal}`, claimedAt: 0, connectedAt: 1 };
    pool.observePod({ ...pod, ready: true, taken: true, claim });
  }
  pool.sessions.update(100, 0);
  for (let end = 1; end <= 60; end++) {
    pool.sessions.ended();
    pool.sessions.update(100, end * 3_250);
  }
  return { model, pool, start: 60 * 3_250 };
}

const at = (pool: Pool, position: number, claiming = 0) => ({ pool, position, waiting: 90, claiming });

test('promise: without ended sessions, the time at position 80 stays, and is then withdrawn with its cause', (t) => {
  const { pool, start } = busyPool();
  const visitor = new ToldVisitor();
  for (let now = start; now <= start + 10 * minute; now += 10_000) {
    evaluatePool(pool, now);
    visitor.tell(at(pool, 80), now);
  }
  const [first, ...others] = visitor.answers;
  t.true(first!.earliestSeconds! < 262 && first!.expectedSeconds! > 262, JSON.stringify(first));
  const withdrawn = others.findIndex(({ expectedSeconds }) => expectedSeconds === undefined);
  t.true(withdrawn > 3, `withdrawn at the ${withdrawn}th answer`);
  const ends = others.slice(0, withdrawn).map(({ expectedSeconds }, index) => expectedSeconds! + 10 * (index + 1));
  t.deepEqual(new Set(ends), new Set([first!.expectedSeconds!]));
  for (const { expectedSeconds, latestSeconds, cause } of others.slice(withdrawn)) {
    t.like({ expectedSeconds, cause }, { expectedSeconds: undefined, cause: 'long-sessions' });
    t.true(latestSeconds! > 2 * 60 * 60, 'when lifetimes end is still said');
  }
  // Sessions end again.
  const later = visitor.tell(at(pool, 70), start + 10 * minute);
  t.like(later, { cause: 'long-sessions' });
  t.true(later.expectedSeconds! > 262);
});

test('promise: a late pod is promised once, not in every answer', (t) => {
  const model = new ModelCluster({ replicas: 1, annotations: { 'warmterm.dev/max': '1' } });
  const pool = new Pool('default');
  pool.observeSpec(model.pool);
  const [pod] = model.pods.values();
  pool.observePod(pod!);
  const visitor = new ToldVisitor();
  const seconds = [0, 5, 10, 20, 60, 240];
  for (const second of seconds) visitor.tell(at(pool, 1), second * 1_000);
  t.deepEqual(
    visitor.answers.map(({ expectedSeconds }) => expectedSeconds),
    [17, 12, 7, undefined, undefined, undefined],
  );
  t.is(visitor.answers[3]!.cause, 'slow-starts');
  // CrashLoopBackOff, then a container that starts.
  pool.observePod({ ...pod!, version: 9, trouble: { reason: 'CrashLoopBackOff', message: '' } });
  const failing = [250, 260].map((second) => visitor.tell(at(pool, 1), second * 1_000));
  for (const answer of failing) t.like(answer, { expectedSeconds: undefined, cause: 'starts-fail' });
  pool.observePod({ ...pod!, uid: 'next', revision: 'mended', version: 10, createdAt: 270_000 });
  t.like(visitor.tell(at(pool, 1), 271_000), { expectedSeconds: 16, cause: 'starts-failed' });
});

test('promise: a later time has a cause: a smaller pool, or visitors ahead', (t) => {
  const { model, pool, start } = busyPool({ 'warmterm.dev/max': '110' });
  const visitor = new ToldVisitor();
  const before = visitor.tell(at(pool, 11), start);
  t.is(before.cause, undefined);
  const annotations = { ...model.pool.annotations, 'warmterm.dev/max': '100' };
  pool.observeSpec({ ...model.pool, version: 99, annotations });
  const smaller = visitor.tell(at(pool, 11), start);
  t.is(smaller.cause, 'fewer-terminals');
  t.true(smaller.expectedSeconds! > before.expectedSeconds!);
  const behind = visitor.tell(at(pool, 60), start);
  t.is(behind.cause, 'others-first');
  t.true(behind.expectedSeconds! > smaller.expectedSeconds!);
});

test('promise: another manager without ended sessions keeps the promised time', (t) => {
  const { pool, start } = busyPool();
  const restarted = busyPool().pool;
  Object.defineProperty(restarted, 'sessions', { value: new Pool('none').sessions });
  const visitor = new ToldVisitor();
  const first = visitor.tell(at(pool, 80), start);
  const next = visitor.tell(at(restarted, 80), start + 20_000);
  t.like(next, { expectedSeconds: first.expectedSeconds! - 20, cause: undefined });
});

test('promise: a pod being claimed for the visitor ahead is not promised', (t) => {
  const { pool, start } = busyPool();
  const [pod] = pool.pods();
  pool.observePod({ ...pod!, uid: 'ready', taken: false, claim: undefined, version: 99 });
  const visitor = new ToldVisitor();
  t.is(visitor.tell(at(pool, 2), start).promised?.on, 'sessions');
  t.is(visitor.tell(at(pool, 1, 1), start).promised?.on, 'sessions');
});
