import test from 'ava';
import fc from 'fast-check';
import { minuteMs, RecentClaims } from '../../../manager/model/recent-claims.ts';
import { histories, quick } from '../../helpers/long.ts';

test('recent claims: the claims of an address are kept for a minute, oldest first', (t) => {
  const claims = new RecentClaims();
  claims.add('a', 2_000);
  claims.add('a', 1_000);
  claims.add('b', 3_000);
  t.deepEqual(claims.of('a', 3_000), [1_000, 2_000]);
  t.deepEqual(claims.of('a', 1_000 + minuteMs), [2_000]);
  t.deepEqual(claims.of('a', 2_000 + minuteMs), []);
  t.deepEqual(claims.of('c', 3_000), []);
});

test('recent claims: a claim by a manager whose clock is ahead counts from now, for a minute', (t) => {
  const claims = new RecentClaims();
  claims.add('a', 1_000 + 3_600_000);
  t.deepEqual(claims.of('a', 1_000), [1_000]);
  t.deepEqual(claims.of('a', 1_000 + minuteMs), []);
});

test('recent claims: counts every claim of the last minute, in any order', (t) => {
  const claim = fc.record({ address: fc.constantFrom('a', 'b', 'c'), at: fc.nat(5 * minuteMs) });
  fc.assert(
    fc.property(fc.array(claim), fc.nat(20_000), (made, late) => {
      const claims = new RecentClaims();
      // A watch reports in order, except for the simultaneous actions of two managers.
      const told = made.toSorted((a, b) => a.at + (a.at % (late + 1)) - b.at - (b.at % (late + 1)));
      const latest = Math.max(0, ...made.map(({ at }) => at));
      for (const { address, at } of told) claims.add(address, at);
      for (const address of ['a', 'b', 'c']) {
        const expected = made
          .filter((one) => one.address === address && one.at > latest - minuteMs)
          .map(({ at }) => at);
        t.deepEqual(
          claims.of(address, latest),
          expected.toSorted((a, b) => a - b),
        );
      }
    }),
    histories(t, quick),
  );
});
