// Retries an operation until it succeeds, with pauses that double.

import { setTimeout as delay } from 'node:timers/promises';
import { pauseMs } from './backoff.ts';

export type RetryOptions = {
  signal: AbortSignal;
  firstMs: number;
  maxMs: number;
  /** Called once for each outage, however long it lasts. */
  onFirstFailure: (error: unknown) => void;
};

/** The result of the first successful `attempt`. Rejects only when `signal` is aborted. */
export async function retry<T>(attempt: (signal: AbortSignal) => Promise<T>, options: RetryOptions): Promise<T> {
  const { signal, onFirstFailure } = options;
  for (let failures = 1; ; failures++) {
    signal.throwIfAborted();
    try {
      return await attempt(signal);
    } catch (error) {
      if (signal.aborted) throw error;
      if (failures === 1) onFirstFailure(error);
    }
    await delay(pauseMs(failures, Math.random(), options), undefined, { signal });
  }
}
