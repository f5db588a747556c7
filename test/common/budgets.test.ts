import test from 'ava';
import { Budgets } from '../../common/budgets.ts';

function start(maxKeys?: number) {
  const time = { now: 0 };
  const budget = { burst: 3, perSecond: 0.5 };
  const budgets = new Budgets(budget, { clock: () => time.now, ...(maxKeys !== undefined && { maxKeys }) });
  const takeAll = (key: string) => {
    let count = 0;
    while (budgets.take(key)) count++;
    return count;
  };
  return { time, budgets, takeAll };
}

test('budgets: a key may take its burst, then units as they are refilled', (t) => {
  const { time, budgets, takeAll } = start();
  t.is(takeAll('a'), 3);
  t.is(takeAll('b'), 3);
  t.is(budgets.retryAfter('a'), 2);
  time.now = 1_999;
  t.false(budgets.take('a'));
  t.is(budgets.retryAfter('a'), 1);
  time.now = 2_000;
  t.is(budgets.retryAfter('a'), 0);
  t.is(takeAll('a'), 1);
  time.now = 1_000_000;
  t.is(takeAll('a'), 3, 'and no more than the burst');
});

test('budgets: a clock that goes backwards removes no units', (t) => {
  const { time, budgets } = start();
  time.now = 10_000;
  budgets.take('a');
  time.now = 0;
  t.true(budgets.take('a'));
});

test('budgets: beyond maxKeys, new keys share one budget and known keys keep theirs', (t) => {
  const { time, takeAll } = start(2);
  t.is(takeAll('a'), 3);
  t.is(takeAll('b'), 3);
  t.is(takeAll('c') + takeAll('d'), 3);
  time.now = 6_000;
  t.is(takeAll('a'), 3);
  // The budget of b is full again, so its bucket was forgotten and e gets one of its own.
  t.is(takeAll('e'), 3);
});
