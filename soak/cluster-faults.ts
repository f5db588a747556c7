// Faults of the cluster itself, one after the other; each is undone after a while. All kinds are equally frequent: the order is that of a
// shuffled deck.

import { setTimeout as delay } from 'node:timers/promises';
import { exponential, type Random } from '../bench/simulate/random.ts';

export type ClusterFault = {
  name: string;
  /** How long it lasts, in milliseconds. */
  lastsMs: [min: number, max: number];
  /** Causes the fault. May be called again after a partial failure. Returns a function that undoes it, or undefined without a target. */
  begin: () => Promise<(() => Promise<void>) | undefined>;
};

export type ClusterFaults = ReturnType<typeof createClusterFaults>;

const mostTries = 5;

export type ClusterFaultOptions = {
  faults: ClusterFault[];
  random: Random;
  /** The mean time between the end of a fault and the start of the next one. */
  meanGapMs: number;
  /** Called at the beginning and end of each. */
  log: (text: string) => void;
  /** The pause before a failed undo is retried. */
  retryMs?: number;
};

export function createClusterFaults({ faults, random, meanGapMs, log, retryMs = 1_000 }: ClusterFaultOptions) {
  const counts = new Map<string, number>();
  let deck: ClusterFault[] = [];

  function draw(): ClusterFault {
    if (deck.length === 0) deck = [...faults];
    return deck.splice(Math.floor(random() * deck.length), 1)[0]!;
  }

  return {
    /** Lets faults happen until `signal` is aborted. All of them are undone by then. */
    async run(signal: AbortSignal): Promise<void> {
      const pause = (ms: number) => delay(ms, undefined, { signal }).catch(() => {});
      await pause(exponential(random, meanGapMs));
      while (!signal.aborted) {
        const fault = draw();
        const [min, max] = fault.lastsMs;
        const ms = min + random() * (max - min);
        log(`${fault.name}: begins`);
        const undo = await persist(fault.begin, retryMs);
        if (undo) {
          counts.set(fault.name, (counts.get(fault.name) ?? 0) + 1);
          await pause(ms);
          await persist(undo, retryMs);
          log(`${fault.name}: undone`);
        }
        await pause(exponential(random, meanGapMs));
      }
    },
    counts: (): ReadonlyMap<string, number> => counts,
  };
}

/** Retries, because a busy API server may not answer, and no fault may be half done or last longer than its storm. */
export async function persist<T>(act: () => Promise<T>, retryMs = 1_000): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await act();
    } catch (error) {
      if (tries === mostTries) throw error;
      await delay(retryMs);
    }
  }
}
