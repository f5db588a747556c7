import test from 'ava';
import { readOptions } from '../../soak/options.ts';

test('options: reads minutes and seed, or chooses a seed', (t) => {
  t.deepEqual(readOptions(['--minutes', '10', '--seed', '7'], 5), { minutes: 10, seed: 7 });
  t.deepEqual(readOptions([], 5), { minutes: 60, seed: 5 });
});

test('options: --runs replaces --minutes', (t) => {
  t.deepEqual(readOptions(['--runs', '100', '--seed', '7'], 5), { runs: 100, seed: 7 });
  t.throws(() => readOptions(['--runs', '100', '--minutes', '1'], 5), { message: /exclude each other/ });
  t.throws(() => readOptions(['--runs', '1.5'], 5), { message: /--runs must be a whole number.* this is 1.5/ });
});

test('inv 10: options: an error names the mistake', (t) => {
  t.throws(() => readOptions(['--minutes', '0'], 5), { message: /--minutes must be .* this is 0/ });
  t.throws(() => readOptions(['--minutes', 'ten'], 5), { message: /this is ten/ });
  t.throws(() => readOptions(['--seed', '1.5'], 5), { message: /--seed must be a whole number/ });
  t.throws(() => readOptions(['--hours', '1'], 5), { message: /--hours/ });
});
