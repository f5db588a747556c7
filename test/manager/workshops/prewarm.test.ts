import test from 'ava';
import fc from 'fast-check';
import type { Occurrence } from '../../../manager/model/windows.ts';
import { prewarmAt, seatsTaken } from '../../../manager/workshops/prewarm.ts';
import { histories } from '../../helpers/long.ts';

/** Times are hours here: `9-12 x40` is a window of forty seats from nine to twelve. */
function draw(text: string): Occurrence[] {
  return text
    .split(', ')
    .filter(Boolean)
    .map((window) => {
      const [, from, to, ready] = /^([\d.]+)-([\d.]+) x(\d+)$/.exec(window)!.map(Number) as [
        number,
        number,
        number,
        number,
      ];
      return { window: { name: window, ready, from, to, repeat: undefined }, from, to };
    });
}

type Case = { windows: string; at: number; claims?: number[]; lead?: number; free?: number; seats: number };

const seats = test.macro<[Case]>({
  title: (_, { windows, at, claims = [], lead = 0, free = 0, seats }) =>
    `${windows || 'no window'}; at ${at}, claimed at ${claims.length > 6 ? `${claims.length} times` : `[${claims}]`}, started ${lead} before, ${free} there: ${seats}`,
  exec(t, { windows, at, claims = [], lead = 0, free = 0, seats }) {
    t.is(prewarmAt(draw(windows), at, { claims: () => claims, leadMs: () => lead, free }).seats, seats);
  },
});
const times = (count: number, at: number) => Array.from({ length: count }, () => at);

test(seats, { windows: '', at: 9, seats: 0 });
test(seats, { windows: '9-12 x40', at: 8, lead: 0.5, seats: 0 });
test(seats, { windows: '9-12 x40', at: 8.5, lead: 0.5, seats: 40 });
test(seats, { windows: '9-12 x40', at: 9, seats: 40 });
test(seats, { windows: '9-12 x40', at: 11.9, seats: 40 });
test(seats, { windows: '9-12 x40', at: 12, seats: 0 });
// Each visitor takes a seat, and frees it at the end.
test(seats, { windows: '9-12 x40', at: 9.1, claims: times(31, 9), seats: 9 });
test(seats, { windows: '9-12 x40', at: 9.1, claims: times(40, 9), seats: 0 });
test(seats, { windows: '9-12 x40', at: 9.1, claims: times(45, 9), seats: 0 });
// Earlier visitors take no seat.
test(seats, { windows: '9-12 x40', at: 9.1, claims: [...times(30, 8.9), ...times(3, 9.05)], seats: 37 });
// The seats of two open windows add up; a claim counts for one of them.
test(seats, { windows: '9-12 x40, 10-13 x20', at: 9.5, seats: 40 });
test(seats, { windows: '9-12 x40, 10-13 x20', at: 10, seats: 60 });
test(seats, { windows: '9-12 x40, 10-13 x20', at: 10, claims: times(30, 9), seats: 30 });
test(seats, { windows: '9-12 x40, 10-13 x20', at: 10.5, claims: [...times(30, 9), ...times(20, 10.1)], seats: 10 });
test(seats, { windows: '9-12 x40, 10-13 x20', at: 10.5, claims: times(60, 10.1), seats: 0 });
test(seats, { windows: '9-12 x40, 10-13 x20', at: 12, claims: times(30, 9), seats: 20 });
// Consecutive windows: terminals left over from the first serve the second.
test(seats, { windows: '9-12 x40, 12-15 x40', at: 11.9, lead: 0.2, claims: times(40, 9), seats: 40 });
test(seats, { windows: '9-12 x40, 12-15 x40', at: 11.9, lead: 0.2, claims: times(10, 9), seats: 40 });
test(seats, { windows: '9-12 x40, 12-15 x10', at: 11.9, lead: 0.2, claims: times(10, 9), seats: 30 });

// Existing terminals are kept for a window that opens soon, even before its lead time; no others are created.
test(seats, { windows: '9-12 x40', at: 8.8, lead: 0.1, free: 40, seats: 40 });
test(seats, { windows: '9-12 x40', at: 8.8, lead: 0.1, free: 50, seats: 40 });
test(seats, { windows: '9-12 x40', at: 8.8, lead: 0.1, free: 25, seats: 25 });
test(seats, { windows: '9-12 x40, 9.1-12 x20', at: 8.8, lead: 0.1, free: 50, seats: 50 });
test(seats, { windows: '9-12 x40, 13-15 x60', at: 12.9, lead: 0.05, claims: times(40, 9), free: 5, seats: 5 });

test('prewarm: keeps existing terminals for a quarter of an hour, and is warming once it has all', (t) => {
  const minute = 60_000;
  const [window] = draw('9-12 x40');
  const at = (minutes: number, free: number) =>
    prewarmAt([{ ...window!, from: 60 * minute, to: 120 * minute }], minutes * minute, {
      claims: () => [],
      leadMs: () => minute,
      free,
    });
  t.like(at(44, 40), { seats: 0, windows: [] });
  t.is(at(46, 40).seats, 40);
  t.is(at(46, 40).warming.size, 1);
  t.is(at(46, 39).seats, 39);
  t.is(at(46, 39).warming.size, 0);
  t.is(at(59, 0).seats, 40);
  t.is(at(59, 0).warming.size, 1);
});

test('prewarm: the lead time depends on the number that starts at once', (t) => {
  const asked: number[] = [];
  const lead = (count: number) => {
    asked.push(count);
    return 1;
  };
  const windows = draw('9-10 x40, 9-12 x20, 11-12 x5');
  const { warming } = prewarmAt(windows, 8, { claims: () => [], leadMs: lead, free: 0 });
  t.deepEqual(asked, [60, 60, 25]);
  t.deepEqual(
    [...warming].map(({ window }) => window.name),
    ['9-10 x40', '9-12 x20'],
  );
});

test('prewarm: reads no claims while no window matters', (t) => {
  const never = () => t.fail() as never;
  t.is(prewarmAt(draw('9-12 x40'), 13, { claims: never, leadMs: () => 0, free: 0 }).seats, 0);
});

test('prewarm: each visitor takes at most one seat of an open window, and takes one if there is any', (t) => {
  const occurrence = fc
    .record({ from: fc.nat(9), lasts: fc.integer({ min: 1, max: 9 }), ready: fc.integer({ min: 1, max: 4 }) })
    .map(({ from, lasts, ready }) => draw(`${from}-${from + lasts} x${ready}`)[0]!);
  const property = fc.property(
    fc.array(occurrence, { maxLength: 4 }),
    fc.array(fc.nat(12), { maxLength: 12 }),
    (open, claims) => {
      const taken = seatsTaken(open, claims);
      for (const [{ window }, count] of taken) {
        if (count < 0 || count > window.ready) throw new Error(`${count} of ${window.ready}`);
      }
      const sum = [...taken.values()].reduce((total, count) => total + count, 0);
      const most = mostSeated(open, claims);
      if (sum !== most) throw new Error(`${sum} seats are taken, ${most} could be`);
    },
  );
  t.notThrows(() => fc.assert(property, histories(t, { short: 200, long: 20_000 })));
});

/** The number of `claims` that can have seats at once, by a maximum matching (Kuhn). */
function mostSeated(open: readonly Occurrence[], claims: readonly number[]): number {
  const seats = open.flatMap(({ from, window }) => times(window.ready, from));
  const sits = new Map<number, number>();
  const seat = (claim: number, tried: Set<number>): boolean =>
    seats.some((from, place) => {
      if (claims[claim]! < from || tried.has(place)) return false;
      tried.add(place);
      const other = sits.get(place);
      if (other !== undefined && !seat(other, tried)) return false;
      sits.set(place, claim);
      return true;
    });
  return claims.filter((_, claim) => seat(claim, new Set())).length;
}
