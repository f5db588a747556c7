// Stores the queues of the pools, for the other managers and for a restart. Gathers changes, so that a visitor who is served at once
// is never written, and many visitors cost few writes.

import type { Logger } from '../../common/log.ts';
import type { Cluster } from '../kubernetes/port.ts';
import type { Pool } from '../model/pool.ts';
import type { Pools } from '../model/pools.ts';

export type QueueWriterOptions = {
  pools: Pools;
  cluster: Pick<Cluster, 'ensureQueue' | 'writePositions'>;
  log: Logger;
  clock: () => number;
  monotonic: () => number;
  delay: (ms: number) => Promise<void>;
};

/** Changes within this time are one write. It is far less than the time until a visitor gets the first position. */
const gatherMs = 200;
const pauseAfterFailureMs = 1_000;

export class QueueWriter {
  readonly #options: QueueWriterOptions;
  readonly #writing = new Set<Pool>();

  constructor(options: QueueWriterOptions) {
    this.#options = options;
  }

  /** Starts a write if the stored queue of the pool is out of date. */
  update(pool: Pool): void {
    if (this.#writing.has(pool) || !pool.spec || pool.queue.isEmpty) return;
    if (this.#changes(pool).positions.size === 0) return;
    this.#writing.add(pool);
    void this.#write(pool).finally(() => this.#writing.delete(pool));
  }

  async #write(pool: Pool): Promise<void> {
    const { pools, cluster, clock, delay, log } = this.#options;
    try {
      for (;;) {
        await delay(gatherMs);
        const { positions, unchanged } = this.#changes(pool);
        if (positions.size === 0 || !pool.spec) return;
        const stored = pool.storedQueue ?? (await cluster.ensureQueue(pool.spec));
        const written = await cluster.writePositions(stored, positions, { unchanged });
        // Another manager was first. The watch will report its change.
        if (written === 'conflict') return;
        pools.observe({ kind: 'queue', name: written.name, object: written }, clock());
      }
    } catch (error) {
      log.warn({ pool: pool.name, err: error }, 'cannot store the queue of a pool, trying again');
      await delay(pauseAfterFailureMs);
    }
  }

  #changes(pool: Pool) {
    return pool.queue.changes(this.#options.clock(), this.#options.monotonic());
  }
}
