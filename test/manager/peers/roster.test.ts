import test from 'ava';
import { missedUntil, Roster } from '../../../manager/peers/roster.ts';

/** A roster of manager `own`, and what renews Leases: each in a version of its own. */
function start(own: string) {
  const roster = new Roster(own);
  let version = 0;
  const renew = (...names: string[]) => {
    for (const name of names) roster.observe(name, String(++version));
  };
  return { roster, renew };
}

test('a manager that knows no other prefers every pod', (t) => {
  const { roster, renew } = start('b');
  t.deepEqual(roster.share, { rank: 0, of: 1 });
  renew('b');
  t.deepEqual(roster.share, { rank: 0, of: 1 });
});

test('managers that see the same Leases have different ranks, in whatever order they see them', (t) => {
  for (const [rank, own] of ['a', 'b', 'c'].entries()) {
    const { roster, renew } = start(own);
    renew(...['c', 'a', 'b'].filter((name) => name !== own));
    t.deepEqual(roster.share, { rank, of: 3 }, 'before its own Lease is seen');
    renew(own);
    t.deepEqual(roster.share, { rank, of: 3 });
  }
});

test('a manager whose Lease is removed leaves its part to the others at once', (t) => {
  const { roster, renew } = start('b');
  renew('a', 'b');
  roster.observe('a', undefined);
  t.deepEqual(roster.share, { rank: 0, of: 1 });
});

test('a manager that stops renewing is absent after a few renewals of this one, and its Lease is stale later', (t) => {
  const { roster, renew } = start('b');
  renew('a', 'b');
  for (let missed = 1; missed < missedUntil.absent - 1; missed++) renew('b');
  t.is(roster.share.of, 2);
  renew('b');
  t.is(roster.share.of, 1);
  t.deepEqual(roster.stale(), []);
  while (roster.stale().length === 0) renew('b');
  t.deepEqual(roster.stale(), [{ name: 'a', version: '1' }]);
  renew('a');
  t.is(roster.share.of, 2);
  t.deepEqual(roster.stale(), []);
});

test('while this manager cannot renew either, the others stay: an outage of the API is not their death', (t) => {
  const { roster, renew } = start('b');
  renew('a', 'b');
  for (let relist = 0; relist < 10; relist++) {
    roster.observe('a', '1');
    roster.observe('b', '2');
  }
  t.is(roster.share.of, 2);
});
