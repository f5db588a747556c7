import test from 'ava';
import { Demand } from '../../../../manager/model/estimators/demand.ts';

const delay = 60_000;

test('the pool keeps what it has lately needed, for the delay', (t) => {
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

test('a delay that is changed holds at once', (t) => {
  const demand = new Demand();
  demand.update({ replicas: 9, needed: 9, lastClaimAt: 0 }, 0, delay);
  demand.update({ replicas: 9, needed: 2, lastClaimAt: 0 }, 30_000, delay);
  t.is(demand.floor(30_000, delay), 9);
  t.is(demand.floor(30_000, 20_000), 2);
});

test('`kubectl scale` to more is a floor until nobody has come for the delay', (t) => {
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

test('`kubectl scale` to fewer takes the floor with it', (t) => {
  const demand = new Demand();
  demand.update({ replicas: 3, needed: 3, lastClaimAt: 0 }, 0, delay);
  demand.update({ replicas: 20, needed: 3, lastClaimAt: 0 }, 1_000, delay);
  demand.update({ replicas: 7, needed: 3, lastClaimAt: 0 }, 2_000, delay);
  t.is(demand.floor(2_000, delay), 7);
});

test('a manager that has just started keeps the replicas that it finds for the delay, and calls them no request', (t) => {
  const demand = new Demand();
  demand.update({ replicas: 20, needed: 3, lastClaimAt: 0 }, 1_000_000, delay);
  t.is(demand.floor(1_000_000, delay), 20);
  t.is(demand.wish(1_000_000, delay), undefined, 'nobody is known to have asked for them');
  demand.update({ replicas: 20, needed: 3, lastClaimAt: 0 }, 1_060_000, delay);
  t.is(demand.floor(1_060_000, delay), 3);
});

test('after the start, more replicas than are needed are a request', (t) => {
  const demand = new Demand();
  demand.update({ replicas: 4, needed: 3, lastClaimAt: 0 }, 0, delay);
  demand.update({ replicas: 9, needed: 3, lastClaimAt: 0 }, 1_000, delay);
  t.deepEqual(demand.wish(1_000, delay), { replicas: 9, since: 1_000 });
});
