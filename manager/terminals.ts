// What the manager keeps for running terminals: it takes their reports, tells them what holds for them, and deletes one
// that asks for its own end. A report is kept in memory only; the first connection is written on the pod.

import { ServiceError } from '../common/errors.ts';
import type { Report, ReportAnswer } from '../common/manager-api.ts';
import type { Cluster, PodRef } from './cluster/port.ts';
import type { ObservedPod } from './pool/observation.ts';
import type { Pool } from './pool/pool.ts';
import type { Pools } from './pool/pools.ts';
import { expiryOf, type LastReport } from './pool/status.ts';

export type TerminalsOptions = {
  pools: Pools;
  cluster: Cluster;
  clock: () => number;
  onChange: (pool: Pool) => void;
};

export class Terminals {
  readonly #options: TerminalsOptions;
  readonly #reports = new Map<string, LastReport>();

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
    const lastInputAt = report.lastInputAt === undefined ? undefined : Date.parse(report.lastInputAt);
    this.#reports.set(pod.uid, { at: clock(), connections: report.connections, lastInputAt });
    if (report.connectedAt !== undefined && pod.claim && pod.claim.connectedAt === undefined) {
      await this.#recordConnection(pod, Date.parse(report.connectedAt));
    }
    const expiresAt = expiryOf(pod, pool);
    return {
      idleTimeoutMs: pool.settings.idleTimeout,
      ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt).toISOString() }),
      ...(pod.terminating ? { endedBy: pod.endedByOwner ? 'owner' : 'administrator' } : {}),
    };
  }

  /** Deletes the pod that asks. */
  async end(ref: PodRef): Promise<void> {
    const { cluster, pools, onChange } = this.#options;
    const { pod, pool } = this.#find(ref);
    pools.observeDeletion(pod, await cluster.deletePod(pod));
    onChange(pool);
  }

  async #recordConnection(pod: ObservedPod, at: number): Promise<void> {
    const { cluster, pools, clock } = this.#options;
    // A pod's clock may be wrong; it cannot have been connected to in the future.
    const marked = await cluster.markConnected(pod, Math.min(at, clock()));
    if (marked) pools.observe({ kind: 'pod', name: pod.name, object: marked });
  }

  #find(ref: PodRef): { pod: ObservedPod; pool: Pool } {
    const pod = this.#options.pools.podByUid(ref.uid);
    const pool = pod && this.#options.pools.get(pod.pool);
    if (!pod || !pool) throw new ServiceError('forbidden', 'This pod is no terminal.');
    return { pod, pool };
  }
}
