// Finds unresponsive terminals, for the leader: terminals in use that have missed their heartbeats for the pool's silence timeout and
// then fail three probes in a row. A probe that cannot reach the pod's machine proves nothing. The findings are not stored: the next
// leader starts its own.

import type { Logger } from '../../common/log.ts';
import type { PodAddress } from '../../common/manager-api.ts';
import { type ObservedPod, podState } from '../model/observation.ts';
import type { Pool } from '../model/pool.ts';
import { checkHeartbeats, type HeartbeatWatch } from './heartbeats.ts';
import type { ProbeResult } from './probe.ts';

export type WatchdogOptions = {
  /** When a terminal last reported to this manager, by UID. */
  heardAt: (uid: string) => number | undefined;
  probe: (at: PodAddress, deadlineMs: number) => Promise<ProbeResult>;
  clock: () => number;
  log: Logger;
};

/** The state of a terminal that has missed its heartbeats. */
type Suspicion = { failures: number; probeAt: number; answeredAt: number | undefined; isProbing: boolean };
type PoolWatch = { heartbeats: HeartbeatWatch; suspicions: Map<string, Suspicion> };

// A busy pool is evaluated far more often, and each check iterates over all of its pods.
const checkEveryMs = 1_000;
const failuresToBelieve = 3;
const maxPauseMs = 20_000;
const maxDeadlineMs = 5_000;
const maxProbes = 16;

export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #watches = new Map<Pool, PoolWatch>();
  #probes = 0;

  constructor(options: WatchdogOptions) {
    this.#options = options;
  }

  /** Checks the pool's terminals, at most once a second. The leader calls it at every evaluation of the pool. */
  check(pool: Pool): void {
    const now = this.#options.clock();
    const watch = this.#watches.get(pool);
    const sinceMs = now - (watch?.heartbeats.checkedAt ?? Number.NEGATIVE_INFINITY);
    if (sinceMs >= 0 && sinceMs < checkEveryMs) return;
    const suspicions = watch?.suspicions ?? new Map<string, Suspicion>();
    const monitored = [...pool.pods()].filter((pod) => isMonitored(pod, pool));
    const terminals = monitored.map(({ uid, claim }) => ({
      uid,
      connectedAt: claim!.connectedAt!,
      heardAt: latest(this.#options.heardAt(uid), suspicions.get(uid)?.answeredAt),
    }));
    const checked = checkHeartbeats(watch?.heartbeats, terminals, now, pool.settings.silenceTimeout);
    this.#watches.set(pool, { heartbeats: checked.watch, suspicions });
    const missing = new Set(checked.missing);
    const uids = new Set(monitored.map(({ uid }) => uid));
    for (const uid of suspicions.keys()) if (!uids.has(uid)) suspicions.delete(uid);
    for (const uid of pool.unresponsive) if (!missing.has(uid)) pool.noteUnresponsive(uid, false);
    for (const pod of monitored) {
      const known = suspicions.get(pod.uid);
      if (!missing.has(pod.uid)) {
        if (known) known.failures = 0;
        continue;
      }
      const suspicion = known ?? { failures: 0, probeAt: now, answeredAt: undefined, isProbing: false };
      suspicions.set(pod.uid, suspicion);
      if (now >= suspicion.probeAt) void this.#probe(pool, pod, suspicion);
    }
  }

  async #probe(pool: Pool, { name, uid, healthAddress }: ObservedPod, suspicion: Suspicion): Promise<void> {
    const { probe, clock, log } = this.#options;
    if (!healthAddress || suspicion.isProbing || this.#probes >= maxProbes || pool.unresponsive.has(uid)) return;
    const pauseMs = Math.min(maxPauseMs, pool.settings.silenceTimeout / 10);
    suspicion.isProbing = true;
    this.#probes++;
    const result = await probe(healthAddress, Math.min(maxDeadlineMs, pauseMs));
    this.#probes--;
    suspicion.isProbing = false;
    suspicion.probeAt = clock() + pauseMs;
    if (result === 'healthy') suspicion.answeredAt = clock();
    suspicion.failures = result === 'unresponsive' ? suspicion.failures + 1 : 0;
    const { failures } = suspicion;
    log.warn({ pool: pool.name, pod: name, result, failures }, 'terminal missed its heartbeats and was probed');
    if (failures < failuresToBelieve) return;
    pool.noteUnresponsive(uid, true);
  }
}

/** Whether the pod should send heartbeats. A pod on a lost node cannot. */
const isMonitored = (pod: ObservedPod, pool: Pool): boolean =>
  podState(pod) === 'in-use' && pod.claim?.connectedAt !== undefined && !pool.isLost(pod);

const latest = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
