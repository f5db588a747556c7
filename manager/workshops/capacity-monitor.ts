// Reads the cluster's capacity, and checks whether the pools' windows and their `max` fit: soon after windows are set, and every
// minute, because other workloads use capacity too. Every manager does so, because each answers the host page.

import type { Logger } from '../../common/log.ts';
import type { Cluster } from '../kubernetes/port.ts';
import type { Capacity } from '../model/capacity.ts';
import type { ExposureMode } from '../model/observation.ts';
import type { Pool } from '../model/pool.ts';
import type { Pools } from '../model/pools.ts';
import type { Schedule } from '../model/windows.ts';
import { assessFit, findPortShortage } from './fit.ts';

export type CapacityMonitorOptions = {
  pools: Pools;
  cluster: Pick<Cluster, 'readCapacity'>;
  exposure: ExposureMode;
  log: Logger;
  clock: () => number;
  /** Resolves after `ms` milliseconds, rejects when `signal` is aborted. */
  delay: (ms: number, signal?: AbortSignal) => Promise<void>;
};

const lookEveryMs = 1_000;
const surveyEveryMs = 60_000;
const pauseMs = 10_000;

export class CapacityMonitor {
  readonly #options: CapacityMonitorOptions;
  /** Schedules that were checked. */
  readonly #judged = new WeakSet<Schedule>();
  #quotas: Capacity['quotas'];
  #notBefore = Number.NEGATIVE_INFINITY;
  #nextAt = Number.NEGATIVE_INFINITY;

  constructor(options: CapacityMonitorOptions) {
    this.#options = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#options.delay(lookEveryMs, signal).catch(() => {});
      if (signal.aborted) return;
      await this.look(signal);
    }
  }

  /** Checks all pools when a check is due. Call it about once a second. */
  async look(signal?: AbortSignal): Promise<void> {
    const { pools, cluster, exposure, log, clock } = this.#options;
    // `max` may have changed meanwhile.
    this.#judgePorts();
    const now = clock();
    const expecting = [...pools.all()].filter(({ schedule }) => schedule.ahead(now).length > 0);
    const isDue = now >= this.#nextAt || expecting.some(({ schedule }) => !this.#judged.has(schedule));
    const isOfInterest = expecting.length > 0 || (exposure === 'nodePort' && [...pools.all()].length > 0);
    if (!isOfInterest || !isDue || now < this.#notBefore) return;
    try {
      const capacity = await cluster.readCapacity(signal);
      this.#nextAt = clock() + surveyEveryMs;
      this.#quotas = capacity.quotas;
      this.#judgePorts();
      for (const pool of expecting) this.#judge(pool, capacity);
    } catch (error) {
      if (signal?.aborted) return;
      this.#notBefore = clock() + pauseMs;
      log.warn({ err: error }, 'what the cluster has room for is not known, asking again');
    }
  }

  #judgePorts(): void {
    const { pools, exposure } = this.#options;
    const all = [...pools.all()];
    const shortage = exposure === 'nodePort' ? findPortShortage(all, this.#quotas ?? []) : undefined;
    for (const pool of all) pool.notePortShortage(shortage);
  }

  #judge(pool: Pool, capacity: Capacity): void {
    const { pools, exposure, clock } = this.#options;
    const around = { pools: [...pools.all()], nodes: [...pools.nodes()], capacity, exposure };
    const next = pool.schedule.next(clock());
    pool.noteFits(new Map(next.map((occurrence) => [occurrence.window, assessFit(occurrence, pool, around)])));
    this.#judged.add(pool.schedule);
  }
}
