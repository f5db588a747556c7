// How often a test polls.

import { setTimeout as delay } from 'node:timers/promises';

const [firstMs, maxMs] = [5, 100];

/**
 * Returns the first truthy result of `look`; undefined after `timeoutMs`. The interval grows from 5 ms
 * to 100 ms, because polling a whole system takes processor time from that system.
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
