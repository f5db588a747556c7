// Which user ids pods get when root runs them.

import test from 'ava';
import { createUsers } from '../../../../local/kubernetes/node/unprivileged-users.ts';

const everything = '         0          0 4294967295\n';

test('on a machine, ids are ones that nothing allocates, and no two pods have the same', (t) => {
  const draws = [0, 0, 0.999_999_999_99];
  const users = createUsers(() => draws.shift() ?? 0.5, everything)!;
  t.deepEqual([users.take(), users.take()], [0x7000_0000, 0x7fff_0000]);
});

test('an id that is given back may be taken again', (t) => {
  const users = createUsers(() => 0, everything)!;
  const id = users.take();
  users.give(id);
  t.is(users.take(), id);
});

test('in a container with 65,536 ids, they are those of short-lived services', (t) => {
  const users = createUsers(() => 0, '         0     100000      65536\n')!;
  t.is(users.take(), 61_184);
});

test('a root that may become nobody else gets no ids', (t) => {
  t.is(createUsers(Math.random, '         0       1000          1\n'), undefined);
  t.is(createUsers(Math.random, ''), undefined);
});
