// Asks, while a pool has windows, what the cluster has room for, and judges whether they fit: soon after they are set, and
// every minute, because others take room too. Every manager does: each answers for the host page.

import type { Logger } from '../common/log.ts';
import type { Cluster } from './cluster/port.ts';
import { judgeFit } from './pool/fit.ts';
import type { ExposureMode, Pool } from './pool/pool.ts';
import type { Pools } from './pool/pools.ts';
import type { Schedule } from './pool/windows.ts';

export type SurveyorOptions = {
  pools: Pools;
  cluster: Pick<Cluster, 'readCapacity'>;
  exposure: ExposureMode;
  log: Logger;
  clock: () => number;
  /** Resolves after so many milliseconds, rejects when `signal` is aborted. */
  delay: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** The windows of a pool have been judged. */
  onChange: (pool: Pool) => void;
};

const lookEveryMs = 1_000;
const surveyEveryMs = 60_000;
const pauseMs = 10_000;

export class Surveyor {
  readonly #options: SurveyorOptions;
  /** Schedules that were judged. */
  readonly #judged = new WeakSet<Schedule>();
  #notBefore = Number.NEGATIVE_INFINITY;
  #nextAt = Number.NEGATIVE_INFINITY;

  constructor(options: SurveyorOptions) {
    this.#options = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#options.delay(lookEveryMs, signal).catch(() => {});
      if (signal.aborted) return;
      await this.look();
    }
  }

  /** Judges the windows of all pools, if it is time to. To be called every second or so. */
  async look(): Promise<void> {
    const { pools, cluster, log, clock } = this.#options;
    const now = clock();
    const expecting = [...pools.all()].filter(({ schedule }) => schedule.ahead(now).length > 0);
    const isDue = now >= this.#nextAt || expecting.some(({ schedule }) => !this.#judged.has(schedule));
    if (expecting.length === 0 || !isDue || now < this.#notBefore) return;
    try {
      const capacity = await cluster.readCapacity();
      this.#nextAt = clock() + surveyEveryMs;
      for (const pool of expecting) this.#judge(pool, capacity);
    } catch (error) {
      this.#notBefore = clock() + pauseMs;
      log.warn({ err: error }, 'what the cluster has room for is not known, asking again');
    }
  }

  #judge(pool: Pool, capacity: Awaited<ReturnType<Cluster['readCapacity']>>): void {
    const { pools, exposure, clock, onChange } = this.#options;
    const around = { pools: [...pools.all()], nodes: [...pools.nodes()], capacity, exposure };
    const next = pool.schedule.next(clock());
    pool.fits = new Map(next.map((occurrence) => [occurrence.window, judgeFit(occurrence, pool, around)]));
    this.#judged.add(pool.schedule);
    onChange(pool);
  }
}
