// The race for a ready pod with the other managers, who know of each other only by what each has written: which pod to try,
// what a conflict or a lost answer means, and how to keep out of each other's way. Knows no visitors, and nothing of turns.

import { ServiceError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { ClaimToWrite, Cluster } from '../cluster/port.ts';
import type { ObservedPod } from '../pool/observation.ts';
import type { Pool } from '../pool/pool.ts';

export type RaceOptions = {
  cluster: Pick<Cluster, 'claimPod' | 'readPod'>;
  log: Logger;
  /** Milliseconds of a clock that never jumps. */
  monotonic: () => number;
  /** Resolves after so many milliseconds, rejects when `signal` is aborted. */
  delay: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** From 0 to 1. */
  chance: () => number;
  /** A pod of the pool that was passed over may be tried again. */
  onTrust: (pool: Pool) => void;
};

// For how long a pod is passed over after the API server contradicted what was known of it, unless news come earlier.
const distrustMs = 5_000;

// Several managers that all take the lowest pod meet there while each has yet to hear of what the other took. Whoever has
// met another lately picks among so many.
const crowd = { among: 16, forMs: 10_000 };

export class Race {
  readonly #options: RaceOptions;
  /** When a claim in the pool last met another manager's. */
  readonly #met = new Map<Pool, number>();

  constructor(options: RaceOptions) {
    this.#options = options;
  }

  /** A ready pod to be tried, which this manager gives to nobody else until it is released. */
  choose(pool: Pool): ObservedPod | undefined {
    const { monotonic, chance } = this.#options;
    const crowded = monotonic() - (this.#met.get(pool) ?? Number.NEGATIVE_INFINITY) < crowd.forMs;
    return crowded ? pool.ready.take(crowd.among, chance()) : pool.ready.take();
  }

  /**
   * Writes the claim. An answer that got lost leaves it open whether the claim took place, so the same write is tried
   * again until the API server says: a conflict then means either that somebody else was first or that we were.
   */
  async write(pod: ObservedPod, claim: ClaimToWrite, signal: AbortSignal): Promise<ObservedPod | 'conflict'> {
    const { cluster, delay, log } = this.#options;
    for (let doubts = 0; ; ) {
      try {
        const result = await cluster.claimPod(pod, claim);
        if (result !== 'conflict' || doubts === 0) return result;
        const now = await cluster.readPod(pod.name);
        return now?.uid === pod.uid && now.claim?.id === claim.id ? now : 'conflict';
      } catch (error) {
        if (!(error instanceof ServiceError) || !error.retryable || signal.aborted) throw error;
        log.warn({ pod: pod.name, err: error }, 'no answer to a claim, asking again');
        await delay(Math.min(1_000, 50 * 2 ** doubts++), signal).catch(() => {});
      }
    }
  }

  /** Somebody else was first: the pod is passed over for a while. */
  lose(pool: Pool, pod: ObservedPod): void {
    this.#met.set(pool, this.#options.monotonic());
    pool.ready.distrust(pod);
    void this.#options.delay(distrustMs).then(() => {
      pool.ready.trust(pod);
      this.#options.onTrust(pool);
    });
  }
}
