// Finds wedged terminals, for the leader: those in use that have not reported for the pool's silence timeout, and that do not
// answer either when they are knocked at, three times in a row. What cannot be reached is no proof, and what answers is well.
// Nothing of it is written to the cluster: whoever leads next listens for itself.

import type { Logger } from '../../common/log.ts';
import type { PodAddress } from '../../common/manager-api.ts';
import { type ObservedPod, podState } from '../model/observation.ts';
import type { Pool } from '../model/pool.ts';
import { type Hearing, listen } from './heartbeats.ts';
import type { Knocked } from './probe.ts';

export type WatchdogOptions = {
  /** When a terminal last reported to this manager, by UID. */
  heardAt: (uid: string) => number | undefined;
  knock: (at: PodAddress, deadlineMs: number) => Promise<Knocked>;
  /** A terminal of the pool has been found to be wedged. */
  onChange: (pool: Pool) => void;
  clock: () => number;
  log: Logger;
};

/** What is known of a terminal that has been silent. */
type Suspicion = { failures: number; knockAt: number; answeredAt: number | undefined; knocking: boolean };
type Watch = { hearing: Hearing; suspicions: Map<string, Suspicion> };

// A busy pool is looked at far more often, and each look goes through all of its pods.
const lookEveryMs = 1_000;
const failuresToBelieve = 3;
const longestPauseMs = 20_000;
const longestDeadlineMs = 5_000;
const knocksAtOnce = 16;

export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #watches = new Map<Pool, Watch>();
  #knocks = 0;

  constructor(options: WatchdogOptions) {
    this.#options = options;
  }

  /** To be called by the leader at every look at a pool. */
  look(pool: Pool): void {
    const now = this.#options.clock();
    const watch = this.#watches.get(pool);
    const since = now - (watch?.hearing.lookedAt ?? Number.NEGATIVE_INFINITY);
    if (since >= 0 && since < lookEveryMs) return;
    const suspicions = watch?.suspicions ?? new Map<string, Suspicion>();
    const watched = [...pool.pods()].filter((pod) => isWatched(pod, pool));
    const terminals = watched.map(({ uid, claim }) => ({
      uid,
      connectedAt: claim!.connectedAt!,
      heardAt: latest(this.#options.heardAt(uid), suspicions.get(uid)?.answeredAt),
    }));
    const { hearing, silent } = listen(watch?.hearing, terminals, now, pool.settings.silenceTimeout);
    this.#watches.set(pool, { hearing, suspicions });
    const suspects = new Set(silent);
    const uids = new Set(watched.map(({ uid }) => uid));
    for (const uid of suspicions.keys()) if (!uids.has(uid)) suspicions.delete(uid);
    for (const uid of pool.wedged) if (!suspects.has(uid)) pool.wedged.delete(uid);
    for (const pod of watched) {
      const known = suspicions.get(pod.uid);
      if (!suspects.has(pod.uid)) {
        if (known) known.failures = 0;
        continue;
      }
      const suspicion = known ?? { failures: 0, knockAt: now, answeredAt: undefined, knocking: false };
      suspicions.set(pod.uid, suspicion);
      if (now >= suspicion.knockAt) void this.#knock(pool, pod, suspicion);
    }
  }

  async #knock(pool: Pool, { name, uid, healthAddress }: ObservedPod, suspicion: Suspicion): Promise<void> {
    const { knock, onChange, clock, log } = this.#options;
    if (!healthAddress || suspicion.knocking || this.#knocks >= knocksAtOnce || pool.wedged.has(uid)) return;
    const pause = Math.min(longestPauseMs, pool.settings.silenceTimeout / 10);
    suspicion.knocking = true;
    this.#knocks++;
    const answer = await knock(healthAddress, Math.min(longestDeadlineMs, pause));
    this.#knocks--;
    suspicion.knocking = false;
    suspicion.knockAt = clock() + pause;
    if (answer === 'well') suspicion.answeredAt = clock();
    suspicion.failures = answer === 'wedged' ? suspicion.failures + 1 : 0;
    log.warn({ pool: pool.name, pod: name, answer, failures: suspicion.failures }, 'a silent terminal was knocked at');
    if (suspicion.failures < failuresToBelieve) return;
    pool.wedged.add(uid);
    onChange(pool);
  }
}

/** Whether the pod should report to somebody. One that is out of reach cannot. */
const isWatched = (pod: ObservedPod, pool: Pool): boolean =>
  podState(pod) === 'in-use' && pod.claim?.connectedAt !== undefined && !pool.isLost(pod);

const latest = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
