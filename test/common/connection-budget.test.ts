import test from 'ava';
import fc from 'fast-check';
import { ConnectionBudget } from '../../common/http/connection-budget.ts';
import { histories, quick } from '../helpers/long.ts';

/** Adds items of one address, and returns the evicted ones. */
const addAll = (budget: ConnectionBudget<string>, address: string, items: string[]) =>
  items.map((item) => budget.add(item, address));

test('connection-budget: evicts nothing up to the limit', (t) => {
  const budget = new ConnectionBudget<string>(3);
  t.deepEqual(addAll(budget, 'a', ['a1', 'a2', 'a3']), [undefined, undefined, undefined]);
  t.is(budget.size, 3);
});

test('connection-budget: evicts the oldest item of the address with the most', (t) => {
  const budget = new ConnectionBudget<string>(4);
  addAll(budget, 'b', ['b1']);
  addAll(budget, 'a', ['a1', 'a2', 'a3']);
  t.deepEqual(addAll(budget, 'a', ['a4', 'a5']), ['a1', 'a2']);
  t.deepEqual(addAll(budget, 'c', ['c1']), ['a3']);
  t.is(budget.size, 4);
});

test('connection-budget: with one address, evicts the oldest and keeps the newest', (t) => {
  const budget = new ConnectionBudget<string>(2);
  t.deepEqual(addAll(budget, 'a', ['1', '2', '3', '4']), [undefined, undefined, '1', '2']);
});

test('connection-budget: evicts an idle item before an older busy one', (t) => {
  const budget = new ConnectionBudget<string>(3);
  addAll(budget, 'a', ['1', '2', '3']);
  budget.setBusy('1', true);
  t.is(budget.add('4', 'a'), '2');
  budget.setBusy('3', true);
  budget.setBusy('4', true);
  t.is(budget.add('5', 'a'), '1');
  budget.setBusy('3', false);
  t.is(budget.add('6', 'a'), '5');
});

test('connection-budget: a removed item is not counted, and may be removed twice', (t) => {
  const budget = new ConnectionBudget<string>(1);
  budget.add('1', 'a');
  for (const _ of [1, 2]) budget.remove('1');
  t.is(budget.size, 0);
  t.is(budget.add('2', 'a'), undefined);
  budget.setBusy('1', true);
  t.is(budget.add('3', 'b'), '2');
});

test('connection-budget: property: keeps the limit, and evicts only from the address with the most', (t) => {
  const step = fc.record({
    address: fc.constantFrom('a', 'b', 'c', 'd'),
    act: fc.constantFrom('add', 'add', 'add', 'remove', 'busy', 'idle'),
    at: fc.nat(20),
  });
  const property = fc.property(fc.integer({ min: 1, max: 8 }), fc.array(step, { maxLength: 60 }), (limit, steps) => {
    const budget = new ConnectionBudget<number>(limit);
    const open = new Map<number, string>();
    const countOf = (address: string) => [...open.values()].filter((other) => other === address).length;
    for (const [index, { address, act, at }] of steps.entries()) {
      const item = [...open.keys()][at % Math.max(open.size, 1)] ?? -1;
      if (act === 'busy' || act === 'idle') budget.setBusy(item, act === 'busy');
      if (act === 'remove') {
        budget.remove(item);
        open.delete(item);
      }
      if (act !== 'add') continue;
      const victim = budget.add(index, address);
      if ((victim === undefined) !== open.size < limit) return false;
      const largest = Math.max(...['a', 'b', 'c', 'd'].map(countOf));
      if (victim !== undefined && countOf(open.get(victim)!) !== largest) return false;
      if (victim !== undefined) open.delete(victim);
      open.set(index, address);
    }
    return budget.size === open.size;
  });
  t.notThrows(() => fc.assert(property, histories(t, quick)));
});
