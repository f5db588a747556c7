import test from 'ava';
import { endMoment, type RunOutlook } from '../../../terminal/runs/end-moment.ts';

const times = { graceMs: 60_000, lingerMs: 600_000 };
const run = (rest: Partial<RunOutlook>): RunOutlook => ({
  ...{ endsTerminal: true, detached: false, live: false, clients: 0, endedAt: 1_000, clean: false },
  ...rest,
});

const cases: [title: string, runs: RunOutlook[], at: number | undefined][] = [
  ['no run', [], undefined],
  ['none that ends it', [run({ endsTerminal: false })], undefined],
  ['one at work', [run({ live: true })], undefined],
  ['one that has ended, another at work', [run({}), run({ endsTerminal: false, live: true })], undefined],
  ['its client is connected', [run({ clients: 1 })], undefined],
  ['attached, no client ever', [run({})], 61_000],
  ['attached, the line of its client was lost before', [run({ leftAt: 500 })], 60_500],
  ['attached, and ended because its client was away for so long', [run({ leftAt: 500, endedAt: 75_500 })], 75_500],
  ['attached, the line of its client was lost after', [run({ leftAt: 5_000 })], 65_000],
  ['attached, its client has left', [run({ leftAt: 5_000, clean: true })], 7_000],
  ['attached, its client has left before the end', [run({ leftAt: 500, clean: true })], 60_500],
  ['detached', [run({ detached: true, leftAt: 500, clean: true })], 601_000],
  ['detached, and read until later', [run({ detached: true, leftAt: 700_000 })], 702_000],
  ['two', [run({}), run({ detached: true, endedAt: 0 })], 600_000],
];
for (const [title, runs, at] of cases) {
  test(`end of the terminal: ${title}`, (t) => {
    t.is(endMoment(runs, times), at);
  });
}
