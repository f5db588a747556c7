// Tries something until it works.

import { setTimeout as delay } from 'node:timers/promises';

export type RetryOptions = {
  signal: AbortSignal;
  firstMs: number;
  longestMs: number;
  /** Told once: an outage is one thing that happened, however long it lasts. */
  onFirstFailure: (error: unknown) => void;
};

/** The result of the first `attempt` that succeeds; pauses double in between. Rejects only when `signal` is aborted. */
export async function retry<T>(attempt: (signal: AbortSignal) => Promise<T>, options: RetryOptions): Promise<T> {
  const { signal, firstMs, longestMs, onFirstFailure } = options;
  let failures = 0;
  for (let pauseMs = firstMs; ; pauseMs = Math.min(longestMs, pauseMs * 2)) {
    signal.throwIfAborted();
    try {
      return await attempt(signal);
    } catch (error) {
      if (signal.aborted) throw error;
      failures += 1;
      if (failures === 1) onFirstFailure(error);
    }
    await delay(pauseMs, undefined, { signal });
  }
}
