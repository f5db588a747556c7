import test from 'ava';
import { Told } from '../../../manager/kubernetes/seen-versions.ts';

test('news are what is newer, of each object by itself', (t) => {
  const told = new Told();
  t.deepEqual(told.list(new Map([['a', 3]]), 5), []);
  t.true(told.event('a', 7, false));
  t.true(told.event('b', 6, false));
  t.false(told.event('a', 7, false));
  t.false(told.event('a', 6, true));
  t.false(told.event('c', 5, false), 'it would have been in the list');
});

test('a list tells what is gone, once', (t) => {
  const told = new Told();
  told.list(
    new Map([
      ['a', 3],
      ['b', 4],
    ]),
    5,
  );
  told.event('c', 6, true);
  t.deepEqual(told.list(new Map([['b', 4]]), 9), ['a']);
  t.deepEqual(told.list(new Map([['b', 4]]), 9), []);
});

test('a cluster that was put back from a backup is believed in the end', (t) => {
  const told = new Told();
  told.list(new Map([['a', 90]]), 100);
  let tries = 0;
  while (told.list(new Map([['b', 40]]), 50) === undefined) tries++;
  t.true(tries > 2 && tries < 20);
  t.true(told.event('b', 51, false));
});
