import test from 'ava';
import fc from 'fast-check';
import { checkHeartbeats, type HeartbeatWatch, type MonitoredTerminal } from '../../../manager/health/heartbeats.ts';
import { histories, quick } from '../../helpers/long.ts';

const timeout = 60_000;
const second = 1_000;

type Times = Record<string, number | undefined>;
const reporting = (heard: Times, connectedAt = 0): MonitoredTerminal[] =>
  Object.entries(heard).map(([uid, heardAt]) => ({ uid, connectedAt, heardAt }));

/** A manager that has received reports since 0, and checked a second ago. */
const watching = (now: number): HeartbeatWatch => ({ since: 0, checkedAt: now - second });

const checking = test.macro<
  [
    {
      heard: Times;
      now?: number;
      former?: HeartbeatWatch | 'none';
      connectedAt?: number;
      missing: string[];
      restarts?: boolean;
    },
  ]
>({
  title: (title) => title ?? '',
  exec(t, { heard, now = 100_000, former = watching(100_000), connectedAt, missing, restarts = false }) {
    const before = former === 'none' ? undefined : former;
    const result = checkHeartbeats(before, reporting(heard, connectedAt), now, timeout);
    t.deepEqual(result.missing, missing);
    t.is(result.watch.since, restarts ? now : (before?.since ?? now));
    t.is(result.watch.checkedAt, now);
  },
});

test('heartbeats: a terminal that reports is not missing', checking, { heard: { a: 90_000, b: 95_000 }, missing: [] });
test('heartbeats: a terminal without a report for the timeout is missing', checking, {
  heard: { a: 40_000, b: 95_000 },
  missing: ['a'],
});
test('heartbeats: a terminal is not missing just before the timeout', checking, {
  heard: { a: 40_001, b: 95_000 },
  missing: [],
});
test('heartbeats: the only terminal of a pool may be missing', checking, { heard: { a: 40_000 }, missing: ['a'] });
test('heartbeats: without any report, the timeout starts at the first connection', checking, {
  heard: { a: undefined, b: 95_000 },
  connectedAt: 30_000,
  missing: ['a'],
});
test('heartbeats: one of two terminals may be missing', checking, { heard: { a: 1, b: 70_001 }, missing: ['a'] });
test('inv 9: none is missing when most have missed the timeout', checking, {
  heard: { a: 40_000, b: 39_000, c: 95_000 },
  missing: [],
  restarts: true,
});
test('inv 9: none is missing when most have missed half of the timeout', checking, {
  heard: { a: 40_000, b: 70_000, c: 95_000 },
  missing: [],
  restarts: true,
});
test('inv 9: none is missing at the first check of a manager', checking, {
  heard: { a: undefined },
  former: 'none',
  missing: [],
  restarts: true,
});
test('inv 9: none is missing after a suspension of the manager', checking, {
  heard: { a: 20_000, b: 95_000 },
  former: { since: 0, checkedAt: 89_999 },
  missing: [],
  restarts: true,
});
test('inv 9: none is missing after the clock was set back', checking, {
  heard: { a: 20_000, b: 95_000 },
  former: { since: 0, checkedAt: 100_001 },
  missing: [],
  restarts: true,
});
test('heartbeats: without a terminal in use, none is missing', checking, { heard: {}, missing: [] });

/** Terminals that each report every ten seconds; `reaches` decides which report arrives. */
function run(
  count: number,
  seconds: number,
  reaches: (terminal: number, at: number) => boolean,
  looks: (at: number) => boolean,
): { at: number; missing: string[]; heardLately: number }[] {
  const heard: Times = Object.fromEntries(Array.from({ length: count }, (_, index) => [index, undefined]));
  const results = [];
  let watch: HeartbeatWatch | undefined;
  for (let at = 0; at < seconds; at++) {
    for (let terminal = 0; terminal < count; terminal++) {
      if ((at + 3 * terminal) % 10 === 0 && reaches(terminal, at)) heard[terminal] = at * second;
    }
    if (!looks(at)) continue;
    const { missing, ...rest } = checkHeartbeats(watch, reporting(heard), at * second, timeout);
    watch = rest.watch;
    const lately = Object.values(heard).filter((time) => at * second - (time ?? 0) < timeout).length;
    results.push({ at, missing, heardLately: lately });
  }
  return results;
}

const span = fc
  .tuple(fc.nat(900), fc.integer({ min: 1, max: 600 }))
  .map(([from, length]) => ({ from, to: from + length }));
const within = ({ from, to }: { from: number; to: number }, at: number) => at >= from && at < to;

test('inv 9: heartbeats: no outage of managers or the network makes a terminal missing', (t) => {
  const outages = fc.array(fc.record({ during: span, managers: fc.boolean() }), { maxLength: 4 });
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 12 }), outages, (count, all) => {
      const results = run(
        count,
        1_500,
        (_, at) => !all.some(({ during }) => within(during, at)),
        (at) => !all.some(({ during, managers }) => managers && within(during, at)),
      );
      t.deepEqual(
        results.filter(({ missing }) => missing.length > 0),
        [],
      );
    }),
    histories(t, quick),
  );
});

test('inv 9: heartbeats: at most half of a pool is missing at once, for any lost reports', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 9 }),
      fc.array(fc.record({ terminal: fc.nat(8), during: span }), { maxLength: 20 }),
      (count, cuts) => {
        const cut = (terminal: number, at: number) =>
          cuts.some((each) => each.terminal === terminal && within(each.during, at));
        for (const { missing } of run(
          count,
          1_500,
          (terminal, at) => !cut(terminal, at),
          () => true,
        )) {
          t.true(missing.length <= count / 2, `${missing.length} of ${count}`);
        }
      },
    ),
    histories(t, quick),
  );
});

test('heartbeats: only the terminal that stops reporting is missing, by the timeout', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 9 }), fc.integer({ min: 60, max: 300 }), (count, from) => {
      const results = run(
        count,
        500,
        (terminal, at) => terminal !== 0 || at < from,
        () => true,
      );
      const first = results.find(({ missing }) => missing.length > 0);
      t.deepEqual(first?.missing, ['0']);
      t.true(first!.at >= from + 49 && first!.at <= from + 60, `${from}: ${first!.at}`);
    }),
    histories(t, quick),
  );
});
