// `npm run simulate`: the cost and the hit rate of spares as a number, a percentage and `auto`, over different days, and the
// effect of windows for announced visitors. Prints a
// table, and writes the chart of docs/benchmarks.md. A number as argument is another seed, `--kubernetes=1.20` another cluster:
// then it writes no picture.

import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { drawChart, type Result } from './chart.ts';
import { type ClusterVersion, clusters, simulate, usualVersion } from './simulation.ts';
import { makeTraces, type Trace } from './traces.ts';

const spares = [1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 40].map(String);
const percentages = ['2%', '5%', '10%', '20%', '50%'];
const picture = new URL('simulation.svg', import.meta.url);
const usualSeed = 1;

const { values, positionals } = parseArgs({
  options: { kubernetes: { type: 'string', default: usualVersion } },
  allowPositionals: true,
});
const [given] = positionals;
const seed = given === undefined ? usualSeed : Number(given);
if (!Number.isSafeInteger(seed)) refuse(`The seed must be a whole number; this is ${given}.`);
const version = values.kubernetes as ClusterVersion;
if (!Object.hasOwn(clusters, version)) {
  refuse(`--kubernetes must be one of ${Object.keys(clusters).join(', ')}; this is ${version}.`);
}

const results: Result[] = [];
for (const trace of makeTraces(seed)) {
  process.stdout.write(`\n${trace.name}\n${row('spare', 'at once', 'idle', 'longest wait')}`);
  const setups = [...spares, ...percentages, 'auto'].map((spare) => ({ spare, windows: [] as Trace['windows'] }));
  if (trace.windows) setups.push(...['1', 'auto'].map((spare) => ({ spare, windows: trace.windows })));
  for (const { spare, windows } of setups) {
    const outcome = simulate(trace, spare, seed, { windows, version });
    const { hitRate, meanIdle, worstWaitMs } = outcome;
    const name = windows?.length ? `${spare} + windows` : spare;
    results.push({ trace: trace.name, spare: name, ...outcome });
    process.stdout.write(
      row(name, `${(hitRate * 100).toFixed(2)} %`, meanIdle.toFixed(1), `${(worstWaitMs / 1_000).toFixed(1)} s`),
    );
  }
}
if (seed === usualSeed && version === usualVersion) {
  writeFileSync(picture, drawChart(results));
  process.stdout.write(`\nDrawn in ${fileURLToPath(picture)}\n`);
}

function refuse(why: string): never {
  process.stderr.write(`${why}\n`);
  process.exit(2);
}

function row(...[first = '', ...rest]: string[]): string {
  return `  ${first.padEnd(14)}${rest.map((text) => text.padStart(14)).join('')}\n`;
}
