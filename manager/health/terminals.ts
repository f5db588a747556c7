// Handles the requests of running terminals: receives their reports, answers with their current limits, and deletes one that asks for
// its end. A report is kept in memory only. The first connection is written to the pod.

import { ServiceError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import type { Report, ReportAnswer, SessionEnd } from '../../common/manager-api.ts';
import type { Cluster, PodRef } from '../kubernetes/port.ts';
import type { ClaimRecord, ObservedPod, ObservedService } from '../model/observation.ts';
import type { Pool } from '../model/pool.ts';
import type { Pools } from '../model/pools.ts';

/** What a terminal last reported. Times are milliseconds since 1970. */
export type LastReport = { at: number; connections: number; lastInputAt: number | undefined };

export type TerminalsOptions = {
  pools: Pools;
  cluster: Cluster;
  clock: () => number;
  log: Logger;
};

export class Terminals {
  readonly #options: TerminalsOptions;
  readonly #reports = new Map<string, LastReport>();
  /** Writes under way. Repeated requests of a terminal share one write. */
  readonly #writes = new Map<string, Promise<void>>();

  constructor(options: TerminalsOptions) {
    this.#options = options;
  }

  /** The last report of each existing pod, by UID. */
  reports(): ReadonlyMap<string, LastReport> {
    for (const uid of this.#reports.keys()) {
      if (!this.#options.pools.podByUid(uid)) this.#reports.delete(uid);
    }
    return this.#reports;
  }

  /** When the pod last reported to this manager. */
  heardAt(uid: string): number | undefined {
    return this.#reports.get(uid)?.at;
  }

  /** Records a pod's report. Answers with the limits that apply to the pod now. */
  async report(ref: PodRef, report: Report): Promise<ReportAnswer> {
    const { clock } = this.#options;
    const { pod, pool } = this.#find(ref);
    // The pod's times may be wrong, but cannot be in the future.
    const lastInputAt =
      report.lastInputAt === undefined ? undefined : Math.min(Date.parse(report.lastInputAt), clock());
    this.#reports.set(pod.uid, { at: clock(), connections: report.connections, lastInputAt });
    if (report.connectedAt !== undefined && pod.claim && pod.claim.connectedAt === undefined) {
      const { claim } = pod;
      const at = Date.parse(report.connectedAt);
      await this.#writeOnce(`connected ${pod.uid}`, () => this.#recordConnection(pod, claim, at));
    }
    const [now, expiresAt] = [clock(), pool.expiryOf(pod)];
    return {
      now: new Date(now).toISOString(),
      idleTimeoutMs: pool.settings.idleTimeout,
      runGraceMs: pool.settings.runGrace,
      runLingerMs: pool.settings.runLinger,
      ...(expiresAt === undefined ? {} : { expiresInMs: expiresAt - now }),
      ...(pod.terminating ? { endedBy: enderOf(pod, expiresAt, now) } : {}),
    };
  }

  /** Deletes the pod that asks for it. `end`: why its session is over. */
  async end(ref: PodRef, end?: SessionEnd): Promise<void> {
    const { cluster, pools } = this.#options;
    const { pod, pool } = this.#find(ref);
    if (pod.terminating) return;
    await this.#writeOnce(`end ${pod.uid}`, async () => {
      if (end && pod.claim) await this.#recordEnd(pool.serviceOf(pod.ordinal), pod, pod.claim, end);
      pools.observeDeletion(pod, await cluster.deletePod(pod));
    });
  }

  #writeOnce(key: string, write: () => Promise<void>): Promise<void> {
    const former = this.#writes.get(key);
    if (former) return former;
    const written = write().finally(() => this.#writes.delete(key));
    this.#writes.set(key, written);
    return written;
  }

  async #recordConnection(pod: ObservedPod, { claimedAt }: ClaimRecord, at: number): Promise<void> {
    const { cluster, pools, clock } = this.#options;
    // A pod may send wrong times. A connection is not older than its claim, and not in the future.
    const marked = await cluster.markConnected(pod, Math.min(Math.max(at, claimedAt), clock()));
    if (marked) pools.observe({ kind: 'pod', name: pod.name, object: marked });
  }

  // Only for the visitor's next terminal. The pod is deleted even if this fails.
  async #recordEnd(
    service: ObservedService | undefined,
    { name }: ObservedPod,
    { visitor, claimedAt }: ClaimRecord,
    end: SessionEnd,
  ): Promise<void> {
    const { cluster, pools, log } = this.#options;
    if (!service) return;
    const written = { ...end, name, visitor, claimedAt: new Date(claimedAt).toISOString() };
    try {
      const noted = await cluster.recordEnd(service, written);
      if (noted) pools.observe({ kind: 'service', name: noted.name, object: noted });
    } catch (error) {
      log.warn({ pod: name, err: error }, 'it could not be noted why this terminal ended');
    }
  }

  #find(ref: PodRef): { pod: ObservedPod; pool: Pool } {
    const pod = this.#options.pools.podByUid(ref.uid);
    // Also without a StatefulSet: while that is recreated, sessions continue and must be able to end.
    const pool = pod && this.#options.pools.known(pod.pool);
    if (!pod || !pool) throw new ServiceError('forbidden', 'This pod is no terminal.');
    return { pod, pool };
  }
}

/** Who ended the session. An overdue one counts as `lifetime`, also if the terminal learns of its deletion before its timer fires. */
function enderOf({ endedByOwner }: ObservedPod, expiresAt: number | undefined, now: number): ReportAnswer['endedBy'] {
  if (endedByOwner) return 'owner';
  return expiresAt !== undefined && now >= expiresAt ? 'lifetime' : 'administrator';
}
