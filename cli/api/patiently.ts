// A request about something that is there, such as a run: a server that is just being restarted is asked again.

import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from './api.ts';
import { isHopeless, isWrongAddress, patienceMs, retryMs } from './retry.ts';

export type Line = {
  /** No answer came. Called again each time. */
  lost(): void;
  back(): void;
};

type Ports = {
  now: () => number;
  pause: (ms: number) => Promise<unknown>;
};

/** What `ask` resolves to. Rejects with its error when that will not pass, or has not passed within a minute. */
export async function askPatiently<T>(
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
      if (!(error instanceof ApiError) || isHopeless(error) || isWrongAddress(error)) throw error;
      if (now() - since > patienceMs) throw error;
      line.lost();
      await pause(retryMs(error, failures));
    }
  }
}
