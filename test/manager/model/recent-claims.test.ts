import test from 'ava';
import fc from 'fast-check';
import { minuteMs, RecentClaims } from '../../../manager/model/recent-claims.ts';
import { histories, quick } from '../../helpers/long.ts';

test('what an address has claimed is known for a minute, oldest first', (t) => {
  const claims = new RecentClaims();
  claims.add('a', 2_000);
  claims.add('a', 1_000);
  claims.add('b', 3_000);
  t.deepEqual(claims.of('a', 3_000), [1_000, 2_000]);
  t.deepEqual(claims.of('a', 1_000 + minuteMs), [2_000]);
  t.deepEqual(claims.of('a', 2_000 + minuteMs), []);
  t.deepEqual(claims.of('c', 3_000), []);
});

test('a claim by a manager whose clock is ahead counts as one of now, for a minute and no longer', (t) => {
  const claims = new RecentClaims();
  claims.add('a', 1_000 + 3_600_000);
  t.deepEqual(claims.of('a', 1_000), [1_000]);
  t.deepEqual(claims.of('a', 1_000 + minuteMs), []);
});

test('in order or not, every claim of the last minute is counted', (t) => {
  const claim = fc.record({ address: fc.constantFrom('a', 'b', 'c'), at: fc.nat(5 * minuteMs) });
  fc.assert(
    fc.property(fc.array(claim), fc.nat(20_000), (made, late) => {
      const claims = new RecentClaims();
      // A watch tells of what happened in the order in which it happened, but for what two managers do at a time.
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
