// User ids of pods when root runs them.

import test from 'ava';
import { createUsers } from '../../../../local/kubernetes/node/unprivileged-users.ts';

const everything = '         0          0 4294967295\n';

test('users: ids come from an unallocated range, a different one for each pod', (t) => {
  const draws = [0, 0, 0.999_999_999_99];
  const users = createUsers(() => draws.shift() ?? 0.5, everything)!;
  t.deepEqual([users.take(), users.take()], [0x7000_0000, 0x7fff_0000]);
});

test('users: a released id is used again', (t) => {
  const users = createUsers(() => 0, everything)!;
  const id = users.take();
  users.release(id);
  t.is(users.take(), id);
});

test('users: with 65,536 mapped ids, the range of short-lived services is used', (t) => {
  const users = createUsers(() => 0, '         0     100000      65536\n')!;
  t.is(users.take(), 61_184);
});

test('users: none when the user namespace maps no range', (t) => {
  t.is(createUsers(Math.random, '         0       1000          1\n'), undefined);
  t.is(createUsers(Math.random, ''), undefined);
});
