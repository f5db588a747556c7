import test from 'ava';
import { SeenVersions } from '../../../manager/kubernetes/seen-versions.ts';

test('seen-versions: accepts only newer versions of each object', (t) => {
  const seen = new SeenVersions();
  t.deepEqual(seen.replace(new Map([['a', 3]]), 5), []);
  t.true(seen.accept('a', 7, false));
  t.true(seen.accept('b', 6, false));
  t.false(seen.accept('a', 7, false));
  t.false(seen.accept('a', 6, true));
  t.false(seen.accept('c', 5, false), 'it would have been in the list');
});

test('seen-versions: a list returns removed names once', (t) => {
  const seen = new SeenVersions();
  seen.replace(
    new Map([
      ['a', 3],
      ['b', 4],
    ]),
    5,
  );
  seen.accept('c', 6, true);
  t.deepEqual(seen.replace(new Map([['b', 4]]), 9), ['a']);
  t.deepEqual(seen.replace(new Map([['b', 4]]), 9), []);
});

test('seen-versions: accepts the older list of a restored cluster after some refusals', (t) => {
  const seen = new SeenVersions();
  seen.replace(new Map([['a', 90]]), 100);
  let tries = 0;
  while (seen.replace(new Map([['b', 40]]), 50) === undefined) tries++;
  t.true(tries > 2 && tries < 20);
  t.true(seen.accept('b', 51, false));
});
