import test from 'ava';
import { Demand } from '../../../../manager/model/estimators/demand.ts';

const delay = 60_000;

test('demand: the pool keeps its recent need for the delay', (t) => {
  const demand = new Demand();
  for (const [at, needed, floor] of [
    [0, 5, 5],
    [10_000, 9, 9],
    [20_000, 3, 9],
    [69_999, 4, 9],
    [70_000, 3, 4],
    [129_999, 3, 3],
  ] as const) {
    demand.update({ replicas: needed, needed, lastClaimAt: 0 }, at, delay);
    t.is(demand.floor(at, delay), floor, `at ${at}`);
  }
});

test('demand: a changed delay applies at once', (t) => {
  const demand = new Demand();
  demand.update({ replicas: 9, needed: 9, lastClaimAt: 0 }, 0, delay);
  demand.update({ replicas: 9, needed: 2, lastClaimAt: 0 }, 30_000, delay);
  t.is(demand.floor(30_000, delay), 9);
  t.is(demand.floor(30_000, 20_000), 2);
});

test('demand: `kubectl scale` up is a floor until the delay passes without visitors', (t) => {
  const demand = new Demand();
  const look = (at: number, replicas: number, lastClaimAt = 0) => {
    demand.update({ replicas, needed: 3, lastClaimAt }, at, delay);
    return demand.floor(at, delay);
  };
  t.is(look(100_000, 3), 3);
  t.is(look(200_000, 20), 20);
  t.is(look(250_000, 20, 240_000), 20, 'somebody came');
  t.is(look(299_999, 20, 240_000), 20);
  t.is(look(300_000, 20, 240_000), 3);
  t.is(look(310_000, 20, 309_000), 3, 'what is over does not come again');
});

test('demand: `kubectl scale` down lowers the floor', (t) => {
  const demand = new Demand();
  demand.update({ replicas: 3, needed: 3, lastClaimAt: 0 }, 0, delay);
  demand.update({ replicas: 20, needed: 3, lastClaimAt: 0 }, 1_000, delay);
  demand.update({ replicas: 7, needed: 3, lastClaimAt: 0 }, 2_000, delay);
  t.is(demand.floor(2_000, delay), 7);
});

test('demand: a manager that starts keeps the existing replicas for the delay, and reports no request', (t) => {
  const demand = new Demand();
  demand.update({ replicas: 20, needed: 3, lastClaimAt: 0 }, 1_000_000, delay);
  t.is(demand.floor(1_000_000, delay), 20);
  t.is(demand.wish(1_000_000, delay), undefined, 'nobody is known to have asked for them');
  demand.update({ replicas: 20, needed: 3, lastClaimAt: 0 }, 1_060_000, delay);
  t.is(demand.floor(1_060_000, delay), 3);
});

test('demand: after the start, more replicas than needed are a request', (t) => {
  const demand = new Demand();
  demand.update({ replicas: 4, needed: 3, lastClaimAt: 0 }, 0, delay);
  demand.update({ replicas: 9, needed: 3, lastClaimAt: 0 }, 1_000, delay);
  t.deepEqual(demand.wish(1_000, delay), { replicas: 9, since: 1_000 });
});
