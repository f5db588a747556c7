// How often a test looks again for what it waits for.

import { setTimeout as delay } from 'node:timers/promises';

const [firstMs, maxMs] = [5, 100];

/**
 * What `look` gives once that is truthy; undefined after `timeoutMs`. Looks again after 5 ms, and less and
 * less often up to every 100 ms: a look at a whole system costs the processor time that the system needs.
 */
export async function poll<T>(
  look: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs: number,
): Promise<T | undefined> {
  const deadline = Date.now() + timeoutMs;
  for (let pauseMs = firstMs; ; pauseMs = Math.min(maxMs, pauseMs * 1.5)) {
    const found = await look();
    if (found) return found;
    if (Date.now() > deadline) return undefined;
    await delay(pauseMs);
  }
}
