// What `auto` promises, over different days. The seeds differ from those of the chart, so that no result depends on one day.

import test from 'ava';
import { drawChart } from '../../../bench/simulate/chart.ts';
import { type Outcome, simulate } from '../../../bench/simulate/simulation.ts';
import { classes, diurnal, flashCrowd, poisson, type Trace } from '../../../bench/simulate/traces.ts';
import { budget } from '../../helpers/long.ts';

const said = ({ hitRate, meanIdle, worstWaitMs }: Outcome) =>
  `${(hitRate * 100).toFixed(2)} % at once, ${meanIdle.toFixed(1)} idle, ${worstWaitMs.toFixed(0)} ms at worst`;

const classDay = classes(5);
const crowdDay = flashCrowd(5);
const outcomes = new Map<string, Outcome>();

/** Simulates each setup once for all tests. Pods take eight seconds to start, so that a crowd has to wait. */
function outcomeOf(day: Trace, spare: string, windows: Trace['windows'] = []): Outcome {
  const key = `${day.name}, ${spare}, ${windows.length} windows`;
  const outcome = outcomes.get(key) ?? simulate(day, spare, 5, { windows, version: '1.20' });
  outcomes.set(key, outcome);
  return outcome;
}

test('simulation: depends on the seed only', (t) => {
  const day = poisson(7, { perMinute: 2, hours: 2 });
  t.deepEqual(poisson(7, { perMinute: 2, hours: 2 }), day);
  t.notDeepEqual(poisson(8, { perMinute: 2, hours: 2 }), day);
  const outcome = simulate(day, 'auto', 7);
  t.deepEqual(simulate(day, 'auto', 7), outcome);
  t.notDeepEqual(simulate(day, 'auto', 8), outcome);
});

for (const { perMinute, hours } of [
  { perMinute: 1, hours: budget({ short: 6, long: 12 }) },
  { perMinute: 10, hours: budget({ short: 2, long: 6 }) },
]) {
  test(`simulation: at ${perMinute} visitors a minute, auto serves 999 in 1,000 at once with at most three idle terminals above the optimum`, (t) => {
    const day = poisson(11, { perMinute, hours });
    const auto = simulate(day, 'auto', 11);
    t.true(auto.hitRate >= 0.999, said(auto));
    // The best number is known only afterwards, so auto needs a few more.
    let number = 0;
    let best: Outcome;
    do best = simulate(day, String(++number), 11);
    while (best.hitRate < 0.999);
    t.true(auto.meanIdle <= best.meanIdle + 3, `auto ${said(auto)}; ${number}: ${said(best)}`);
  });
}

test('simulation: auto serves 999 in 1,000 at once over days and nights', (t) => {
  const auto = simulate(diurnal(3, budget({ short: 1, long: 2 })), 'auto', 3);
  t.true(auto.hitRate >= 0.999, said(auto));
});

for (const [name, day] of Object.entries({ 'a class of 40 in a minute': classDay, 'a flash crowd': crowdDay })) {
  test(`simulation: ${name} without announcement: no wait is longer than a pod's start`, (t) => {
    const auto = outcomeOf(day, 'auto');
    const one = outcomeOf(day, '1');
    t.true(auto.hitRate > 0.9 && auto.hitRate < 1, said(auto));
    t.true(auto.worstWaitMs < 15_000, said(auto));
    t.true(auto.hitRate > one.hitRate + 0.15, `auto ${said(auto)}; 1: ${said(one)}`);
  });
}

test('simulation: an announced class of 40 is served at once with few more idle terminals', (t) => {
  const without = outcomeOf(classDay, 'auto');
  const reserved = outcomeOf(classDay, 'auto', classDay.windows);
  t.is(reserved.hitRate, 1, said(reserved));
  t.true(reserved.meanIdle < without.meanIdle + 1, `${said(reserved)}; without: ${said(without)}`);
});

test('chart: one panel for each day, one point for each spare', (t) => {
  const outcome = { visitors: 1_000, meanIdle: 5, worstWaitMs: 0 };
  const results = ['a', 'b'].flatMap((trace) =>
    ['1', '20%', 'auto', '1 + windows'].map((spare, index) => ({
      ...outcome,
      trace,
      spare,
      hitRate: 1 - 0.1 ** (index + 1),
    })),
  );
  const svg = drawChart(results);
  t.is(svg.match(/<circle [^>]*><title>/g)?.length, 8);
  t.regex(svg, /spare auto: 99\.90 % at once, 5\.0 idle/);
  t.notRegex(svg, /NaN|undefined/);
});
