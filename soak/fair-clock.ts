// A clock that stops while managers, or the soak itself, get no processor time: delays during that are no violations.

import { setTimeout as delay } from 'node:timers/promises';
import type { Manager } from './managers.ts';

const tickMs = 500;
/** A later tick than this means that the soak itself gets no processor time. */
const lateMs = 2 * tickMs;

export type FairClock = {
  /** Milliseconds in which at least one manager ran. */
  any(): number;
  /** Milliseconds in which all managers ran. */
  all(): number;
  run(signal: AbortSignal): Promise<void>;
};

export function createFairClock(managers: Pick<Manager, 'ranSince'>[]): FairClock {
  let [any, all] = [0, 0];
  return {
    any: () => any,
    all: () => all,
    async run(signal) {
      let last = performance.now();
      while (!signal.aborted) {
        await delay(tickMs, undefined, { signal }).catch(() => {});
        const elapsed = performance.now() - last;
        const running = managers.filter(({ ranSince }) => ranSince(last)).length;
        last += elapsed;
        if (elapsed > lateMs) continue;
        if (running > 0) any += elapsed;
        if (running === managers.length) all += elapsed;
      }
    },
  };
}
