// The race for a ready pod with the other managers: which pod to try, what a conflict or a lost answer means, and how to keep
// out of each other's way. Knows no visitors, and nothing of turns.

import { ServiceError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { ClaimToWrite, Cluster } from '../kubernetes/port.ts';
import type { ObservedPod } from '../model/observation.ts';
import type { Pool } from '../model/pool.ts';
import type { Share } from '../model/share.ts';

export type RaceOptions = {
  cluster: Pick<Cluster, 'claimPod' | 'readPod'>;
  log: Logger;
  /** Milliseconds of a clock that never jumps. */
  monotonic: () => number;
  /** Resolves after so many milliseconds, rejects when `signal` is aborted. */
  delay: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** From 0 to 1. */
  chance: () => number;
  /** Which pods this manager prefers, as far as it knows the others. */
  share: () => Share;
  /** A pod of the pool that was passed over may be tried again. */
  onTrust: (pool: Pool) => void;
};

// For how long a pod is passed over after the API server contradicted what was known of it, unless news come earlier.
const distrustMs = 5_000;

// Managers that do not know each other all take the lowest pod, and meet there while each has yet to hear of what the other
// took. After a conflict such a manager picks among the lowest `among` for a while.
const crowd = { among: 16, forMs: 10_000 };

// Managers that know each other meet when one runs out of the pods that it prefers, or is so far ahead of another that it
// takes pods of the other's, to leave the highest free. What the watch has not told for `unheardMs` is rare. In that time each
// of the others has claimed about as many as this manager; the other is behind when there are `slack` more below.
const ahead = { slack: 4, unheardMs: 2_000 };

// With at most so many claims by all managers within `unheardMs`, a manager takes the lowest pod, so that a quiet pool keeps its
// highest pods free and can shrink. Two managers that claim at the same moment may conflict; then they spread for a while.
const quietClaims = 4;

/** When a pod was chosen, and the count of claims seen in the pool by then. */
type Choice = { at: number; seen: number };

export class Race {
  readonly #options: RaceOptions;
  /** When a claim in the pool last met another manager's. */
  readonly #met = new Map<Pool, number>();
  readonly #choices = new Map<Pool, Choice[]>();

  constructor(options: RaceOptions) {
    this.#options = options;
  }

  /** A ready pod to be tried, which this manager gives to nobody else until it is released. */
  choose(pool: Pool): ObservedPod | undefined {
    const { monotonic, chance } = this.#options;
    const now = monotonic();
    const share = this.#options.share();
    const hasMet = now - (this.#met.get(pool) ?? Number.NEGATIVE_INFINITY) < crowd.forMs;
    const choices = this.#choicesLately(pool, now);
    const seenLately = pool.claimsSeen - choices[0]!.seen;
    const isQuiet = !hasMet && !pool.ready.hasReserved && seenLately <= quietClaims;
    if (isQuiet) return pool.ready.take();
    const among = hasMet && share.of === 1 ? crowd.among : 1;
    const reach = share.of * Math.max(among, ahead.slack + choices.length);
    return pool.ready.take({ share, reach, among, chance: chance() });
  }

  /** The choices of the last seconds, with how many claims had been seen by then; the last is this one. */
  #choicesLately(pool: Pool, at: number): Choice[] {
    const choices = this.#choices.get(pool) ?? [];
    this.#choices.set(pool, choices);
    choices.push({ at, seen: pool.claimsSeen });
    while (choices[0]!.at < at - ahead.unheardMs) choices.shift();
    return choices;
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
