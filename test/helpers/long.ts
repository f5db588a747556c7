// Tests that have a longer version. `npm test` runs the short one, with the same seed each time, so that a failure is due to
// a change. `npm run test:long` runs the long one, with a new seed that it prints. WARMTERM_TEST_SEED sets the seed of both.

import { randomInt } from 'node:crypto';
import type { ExecutionContext, TestFn } from 'ava';
import type fc from 'fast-check';

export const isLong = process.env.WARMTERM_TEST_LONG === '1';
const given = process.env.WARMTERM_TEST_SEED;
// fast-check takes 32 bits.
const seed = given ? Number(given) : isLong ? randomInt(2 ** 31) : 1;

type Budget = { short: number; long: number };

/** The number of histories of a property that takes little time. */
export const quick: Budget = { short: 100, long: 2_000 };

/** The short or the long number, depending on the run. */
export const budget = ({ short, long }: Budget): number => (isLong ? long : short);

/** The seed of this run, printed in the test's log. */
export function seedOf(t: ExecutionContext): number {
  t.log(`seed ${seed}`);
  return seed;
}

/** The number of histories and the seed for fast-check, printed in the test's log. */
export function histories(t: ExecutionContext, runs: Budget): fc.Parameters<unknown> {
  const numRuns = budget(runs);
  t.log(`${numRuns} histories, seed ${seed}`);
  return { numRuns, seed, includeErrorInReport: true };
}

/** A test for the long run only, because it waits for a timeout at its full length. */
export const longOnly = <Context>(
  test: TestFn<Context>,
  title: string,
  run: (t: ExecutionContext<Context>) => Promise<void>,
): void => {
  if (isLong) test(title, run);
  else test.skip(`${title} (only in npm run test:long)`, run);
};
