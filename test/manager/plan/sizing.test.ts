import test from 'ava';
import fc from 'fast-check';
import type { Spare } from '../../../manager/model/settings.ts';
import { baseStock, type Demand, serviceLevel, spareFor } from '../../../manager/plan/sizing.ts';
import { histories, quick } from '../../helpers/long.ts';

const second = 1_000;
const hour = 3_600_000;
const demand = (rest: Partial<Demand>): Demand => ({ inUse: 0, rates: [], refillMs: 10 * second, ...rest });
/** A rate from so many arrivals that it is practically certain. */
const certain = (perSecond: number) => ({ arrivals: perSecond * 1e9, ms: 1e12 });

const spares = test.macro<[Spare, Partial<Demand>, number]>({
  title: (_, spare, about, expected) => `spare ${spare}, ${JSON.stringify(about)}: ${expected}`,
  exec: (t, spare, about, expected) => t.is(spareFor(spare, demand(about), 100), expected),
});
test(spares, 3, {}, 3);
test(spares, 3, { inUse: 50, rates: [certain(9)] }, 3);
test(spares, 0, { inUse: 50 }, 0);
test(spares, '20%', { inUse: 0 }, 1);
test(spares, '20%', { inUse: 5 }, 1);
test(spares, '20%', { inUse: 6 }, 2);
test(spares, '150%', { inUse: 10 }, 15);
test(spares, '0%', { inUse: 10 }, 0);
test(spares, 'auto', { inUse: 50, rates: [] }, 1);
test(spares, 'auto', { rates: [{ arrivals: 0, ms: hour }] }, 1);
test(spares, 'auto', { rates: [certain(0.1), certain(0.5)] }, 14);
test(spares, 'auto', { rates: [certain(100)] }, 100);

/** The share of moments with fewer than `stock` open orders, Poisson distributed about `mean`; by definition. */
function poissonBelow(stock: number, mean: number): number {
  let term = Math.exp(-mean);
  let sum = 0;
  for (let open = 0; open < stock; open++, term *= mean / open) sum += term;
  return sum;
}

for (const perSecond of [0.001, 0.01, 0.1, 0.5, 2, 10]) {
  test(`sizing: a certain rate of ${perSecond}/s needs the smallest stock by the Poisson distribution`, (t) => {
    const stock = baseStock(certain(perSecond), 10 * second, 10_000);
    t.true(poissonBelow(stock, perSecond * 10) >= serviceLevel - 1e-6);
    t.true(stock === 1 || poissonBelow(stock - 1, perSecond * 10) < serviceLevel);
  });
}

test('sizing: a rate from few arrivals needs more', (t) => {
  const stocks = [2, 20, 200, 2_000].map((arrivals) =>
    baseStock({ arrivals, ms: arrivals * 2 * second }, 10 * second, 1_000),
  );
  t.deepEqual(
    stocks,
    [...stocks].sort((a, b) => b - a),
  );
  t.true(stocks[0]! > stocks[3]!);
  t.is(stocks[3], baseStock(certain(0.5), 10 * second, 1_000));
});

const rate = fc.record({
  arrivals: fc.double({ min: 0, max: 1e5, noNaN: true }),
  ms: fc.double({ min: second, max: hour, noNaN: true }),
});
const refill = fc.double({ min: 100, max: 600 * second, noNaN: true });

test('sizing: more arrivals or a longer refill never need fewer, and all results are from 1 to max', (t) => {
  fc.assert(
    fc.property(rate, refill, fc.double({ min: 1, max: 10, noNaN: true }), (known, refillMs, times) => {
      const stock = baseStock(known, refillMs, 500);
      const busier = baseStock({ ...known, arrivals: known.arrivals * times }, refillMs, 500);
      const slower = baseStock(known, refillMs * times, 500);
      return 1 <= stock && stock <= busier && stock <= slower && busier <= 500 && slower <= 500;
    }),
    histories(t, quick),
  );
  t.pass();
});
