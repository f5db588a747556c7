// The options of `npm run soak`.

import { parseArgs } from 'node:util';

/** `runs`: the number of runs of the command line; then the soak has no visitors, and no length in minutes. */
export type SoakOptions = { seed: number } & ({ minutes: number } | { runs: number });

const longest = 24 * 60;
const mostRuns = 100_000;

/** Parses the arguments. Throws an Error that names the mistake. Without a seed, uses `anySeed`. */
export function readOptions(args: string[], anySeed: number): SoakOptions {
  const { values } = parseArgs({
    args,
    options: { minutes: { type: 'string' }, runs: { type: 'string' }, seed: { type: 'string' } },
  });
  const seed = values.seed === undefined ? anySeed : Number(values.seed);
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new Error(`--seed must be a whole number, 0 or more; this is ${values.seed}.`);
  }
  if (values.runs !== undefined) {
    if (values.minutes !== undefined) throw new Error('--minutes and --runs exclude each other.');
    const runs = Number(values.runs);
    if (!(Number.isSafeInteger(runs) && runs > 0 && runs <= mostRuns)) {
      throw new Error(`--runs must be a whole number above 0, at most ${mostRuns}; this is ${values.runs}.`);
    }
    return { runs, seed };
  }
  const minutes = Number(values.minutes ?? 60);
  if (!(minutes > 0 && minutes <= longest)) {
    throw new Error(`--minutes must be a number above 0, at most ${longest}; this is ${values.minutes}.`);
  }
  return { minutes, seed };
}
