// Repeats a request about an existing thing, such as a run: its server may be restarting.

import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from './api.ts';
import { isPermanent, isWrongAddress, patienceMs, retryMs } from './retry.ts';

export type Line = {
  /** Called for each attempt without an answer. */
  lost(): void;
  back(): void;
};

type Ports = {
  now: () => number;
  pause: (ms: number) => Promise<unknown>;
};

/** The result of `ask`. Rejects with its error if that is permanent, or persists for a minute. */
export async function retryRequest<T>(
  ask: () => Promise<T>,
  line: Line,
  { now, pause }: Ports = { now: Date.now, pause: delay },
): Promise<T> {
  const since = now();
  for (let failures = 1; ; failures += 1) {
    try {
      const answer = await ask();
      line.back();
      return answer;
    } catch (error) {
      if (!(error instanceof ApiError) || isPermanent(error) || isWrongAddress(error)) throw error;
      if (now() - since > patienceMs) throw error;
      line.lost();
      await pause(retryMs(error, failures));
    }
  }
}
