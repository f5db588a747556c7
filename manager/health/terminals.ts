// What the manager keeps for running terminals: it takes their reports, tells them what holds for them, and deletes one
// that asks for its own end. A report is kept in memory only; the first connection is written on the pod.

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
  /** Writes under way. A terminal that asks for the same again and again shares one. */
  readonly #writes = new Map<string, Promise<void>>();

  constructor(options: TerminalsOptions) {
    this.#options = options;
  }

  /** The last report of each pod that still is, by UID. */
  reports(): ReadonlyMap<string, LastReport> {
    for (const uid of this.#reports.keys()) {
      if (!this.#options.pools.podByUid(uid)) this.#reports.delete(uid);
    }
    return this.#reports;
  }

  /** When this manager last heard of the pod. */
  heardAt(uid: string): number | undefined {
    return this.#reports.get(uid)?.at;
  }

  /** Takes the report of the pod that sent it; answers with what holds for it now. */
  async report(ref: PodRef, report: Report): Promise<ReportAnswer> {
    const { clock } = this.#options;
    const { pod, pool } = this.#find(ref);
    // What a pod says of its past may be wrong, but it cannot be the future.
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

  /** Deletes the pod that asks; `end` says why its session is over. */
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
    // A pod may lie. A connection is never older than its claim, nor in the future.
    const marked = await cluster.markConnected(pod, Math.min(Math.max(at, claimedAt), clock()));
    if (marked) pools.observe({ kind: 'pod', name: pod.name, object: marked });
  }

  // For the visitor's next terminal only: whatever becomes of it, the pod is deleted.
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
    // Also while its StatefulSet is made again: a session goes on meanwhile, and must be able to end.
    const pool = pod && this.#options.pools.known(pod.pool);
    if (!pod || !pool) throw new ServiceError('forbidden', 'This pod is no terminal.');
    return { pod, pool };
  }
}

/** The manager ends what outlives its lifetime. A terminal that is slow learns of its deletion before its own time is up. */
function enderOf({ endedByOwner }: ObservedPod, expiresAt: number | undefined, now: number): ReportAnswer['endedBy'] {
  if (endedByOwner) return 'owner';
  return expiresAt !== undefined && now >= expiresAt ? 'lifetime' : 'administrator';
}
