// What `npm run soak` is told.

import { parseArgs } from 'node:util';

export type SoakOptions = { minutes: number; seed: number };

const longest = 24 * 60;

/** Reads the arguments; throws an Error that says what is wrong with them. `anySeed` is taken when none is given. */
export function readOptions(args: string[], anySeed: number): SoakOptions {
  const { values } = parseArgs({ args, options: { minutes: { type: 'string' }, seed: { type: 'string' } } });
  const minutes = Number(values.minutes ?? 60);
  const seed = values.seed === undefined ? anySeed : Number(values.seed);
  if (!(minutes > 0 && minutes <= longest)) {
    throw new Error(`--minutes must be a number above 0, at most ${longest}; this is ${values.minutes}.`);
  }
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new Error(`--seed must be a whole number, 0 or more; this is ${values.seed}.`);
  }
  return { minutes, seed };
}
