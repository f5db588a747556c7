import test from 'ava';
import { missedUntil, Roster } from '../../../manager/peers/roster.ts';

/** A roster of manager `own`, and a function that renews Leases, each in a new version. */
function start(own: string) {
  const roster = new Roster(own);
  let version = 0;
  const renew = (...names: string[]) => {
    for (const name of names) roster.observe(name, String(++version));
  };
  return { roster, renew };
}

test('roster: a manager that knows no other prefers every pod', (t) => {
  const { roster, renew } = start('b');
  t.deepEqual(roster.share, { rank: 0, of: 1 });
  renew('b');
  t.deepEqual(roster.share, { rank: 0, of: 1 });
});

test('roster: managers that see the same Leases have different ranks, in any order of events', (t) => {
  for (const [rank, own] of ['a', 'b', 'c'].entries()) {
    const { roster, renew } = start(own);
    renew(...['c', 'a', 'b'].filter((name) => name !== own));
    t.deepEqual(roster.share, { rank, of: 3 }, 'before its own Lease is seen');
    renew(own);
    t.deepEqual(roster.share, { rank, of: 3 });
  }
});

test('roster: a removed Lease leaves its share to the others at once', (t) => {
  const { roster, renew } = start('b');
  renew('a', 'b');
  roster.observe('a', undefined);
  t.deepEqual(roster.share, { rank: 0, of: 1 });
});

test('roster: a manager that stops renewing is absent after a few renewals of this one, then its Lease is stale', (t) => {
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

test('roster: the others stay while this manager cannot renew, as in an outage of the API server', (t) => {
  const { roster, renew } = start('b');
  renew('a', 'b');
  for (let relist = 0; relist < 10; relist++) {
    roster.observe('a', '1');
    roster.observe('b', '2');
  }
  t.is(roster.share.of, 2);
});
