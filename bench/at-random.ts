// Open-loop load: visitors come at random moments, even while earlier answers are pending.

import { setTimeout as delay } from 'node:timers/promises';

/**
 * Calls `act` at the moments of a Poisson process, for a given time. Returns the milliseconds of each call; rejects as
 * soon as one does.
 */
export async function atRandom(act: () => Promise<unknown>, perSecond: number, seconds: number): Promise<number[]> {
  const latencies: number[] = [];
  const under: Promise<void>[] = [];
  const failures: unknown[] = [];
  const startedAt = performance.now();
  for (let due = 0; ; ) {
    due += (-Math.log(1 - Math.random()) / perSecond) * 1_000;
    if (due > seconds * 1_000 || failures.length > 0) break;
    // Measured from the due time: on a busy machine, a late timer is part of the visitor's wait.
    const dueAt = startedAt + due;
    await delay(Math.max(0, dueAt - performance.now()));
    under.push(
      act().then(
        () => void latencies.push(performance.now() - dueAt),
        (error: unknown) => void failures.push(error),
      ),
    );
  }
  await Promise.all(under);
  if (failures.length > 0) throw failures[0];
  return latencies;
}
