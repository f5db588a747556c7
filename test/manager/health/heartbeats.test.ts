import test from 'ava';
import fc from 'fast-check';
import { type Hearing, listen, type Reporting } from '../../../manager/health/heartbeats.ts';
import { histories, quick } from '../../helpers/long.ts';

const timeout = 60_000;
const second = 1_000;

type Times = Record<string, number | undefined>;
const reporting = (heard: Times, connectedAt = 0): Reporting[] =>
  Object.entries(heard).map(([uid, heardAt]) => ({ uid, connectedAt, heardAt }));

/** A manager that has listened since 0, and looked a second ago. */
const listening = (now: number): Hearing => ({ since: 0, lookedAt: now - second });

const judging = test.macro<
  [{ heard: Times; now?: number; former?: Hearing | 'none'; connectedAt?: number; silent: string[]; deaf?: boolean }]
>({
  title: (title) => title ?? '',
  exec(t, { heard, now = 100_000, former = listening(100_000), connectedAt, silent, deaf = false }) {
    const before = former === 'none' ? undefined : former;
    const result = listen(before, reporting(heard, connectedAt), now, timeout);
    t.deepEqual(result.silent, silent);
    t.is(result.hearing.since, deaf ? now : (before?.since ?? now));
    t.is(result.hearing.lookedAt, now);
  },
});

test('whoever reports is not silent', judging, { heard: { a: 90_000, b: 95_000 }, silent: [] });
test('whoever does not, while others do, is', judging, { heard: { a: 40_000, b: 95_000 }, silent: ['a'] });
test('a moment before the timeout it is not', judging, { heard: { a: 40_001, b: 95_000 }, silent: [] });
test('the only one may be silent: it is knocked at', judging, { heard: { a: 40_000 }, silent: ['a'] });
test('one that was never heard has been silent since somebody connected', judging, {
  heard: { a: undefined, b: 95_000 },
  connectedAt: 30_000,
  silent: ['a'],
});
test('one of two may be silent', judging, { heard: { a: 1, b: 70_001 }, silent: ['a'] });
test('inv 9: when most are silent, it is not for them', judging, {
  heard: { a: 40_000, b: 39_000, c: 95_000 },
  silent: [],
  deaf: true,
});
test('inv 9: nor when most have been silent for half of the time', judging, {
  heard: { a: 40_000, b: 70_000, c: 95_000 },
  silent: [],
  deaf: true,
});
test('inv 9: a manager that has just begun to listen knows of no silence', judging, {
  heard: { a: undefined },
  former: 'none',
  silent: [],
  deaf: true,
});
test('inv 9: nor does one that was suspended for a while', judging, {
  heard: { a: 20_000, b: 95_000 },
  former: { since: 0, lookedAt: 89_999 },
  silent: [],
  deaf: true,
});
test('inv 9: nor one whose clock was set back', judging, {
  heard: { a: 20_000, b: 95_000 },
  former: { since: 0, lookedAt: 100_001 },
  silent: [],
  deaf: true,
});
test('nobody in use, nobody silent', judging, { heard: {}, silent: [] });

/** Some terminals of which each reports every ten seconds; `reaches` says which report comes through. */
function run(
  count: number,
  seconds: number,
  reaches: (terminal: number, at: number) => boolean,
  looks: (at: number) => boolean,
): { at: number; silent: string[]; heardLately: number }[] {
  const heard: Times = Object.fromEntries(Array.from({ length: count }, (_, index) => [index, undefined]));
  const results = [];
  let hearing: Hearing | undefined;
  for (let at = 0; at < seconds; at++) {
    for (let terminal = 0; terminal < count; terminal++) {
      if ((at + 3 * terminal) % 10 === 0 && reaches(terminal, at)) heard[terminal] = at * second;
    }
    if (!looks(at)) continue;
    const { silent, ...rest } = listen(hearing, reporting(heard), at * second, timeout);
    hearing = rest.hearing;
    const lately = Object.values(heard).filter((time) => at * second - (time ?? 0) < timeout).length;
    results.push({ at, silent, heardLately: lately });
  }
  return results;
}

const span = fc
  .tuple(fc.nat(900), fc.integer({ min: 1, max: 600 }))
  .map(([from, length]) => ({ from, to: from + length }));
const within = ({ from, to }: { from: number; to: number }, at: number) => at >= from && at < to;

test('inv 9: an outage, however long, makes nobody silent: neither of managers, nor of the way to them', (t) => {
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
        results.filter(({ silent }) => silent.length > 0),
        [],
      );
    }),
    histories(t, quick),
  );
});

test('inv 9: whatever comes through and whatever does not, never most of a pool is silent at once', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 9 }),
      fc.array(fc.record({ terminal: fc.nat(8), during: span }), { maxLength: 20 }),
      (count, cuts) => {
        const cut = (terminal: number, at: number) =>
          cuts.some((each) => each.terminal === terminal && within(each.during, at));
        for (const { silent } of run(
          count,
          1_500,
          (terminal, at) => !cut(terminal, at),
          () => true,
        )) {
          t.true(silent.length <= count / 2, `${silent.length} of ${count}`);
        }
      },
    ),
    histories(t, quick),
  );
});

test('one that is wedged among others is silent by the timeout, by which time nothing else is', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 9 }), fc.integer({ min: 60, max: 300 }), (count, from) => {
      const results = run(
        count,
        500,
        (terminal, at) => terminal !== 0 || at < from,
        () => true,
      );
      const first = results.find(({ silent }) => silent.length > 0);
      t.deepEqual(first?.silent, ['0']);
      t.true(first!.at >= from + 49 && first!.at <= from + 60, `${from}: ${first!.at}`);
    }),
    histories(t, quick),
  );
});
