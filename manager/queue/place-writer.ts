// Writes what this manager knows of its waiting rooms to where the other managers, and its successor, read it. Many
// changes at a time: whoever is served at once is never written, and a crowd costs few writes.

import type { Logger } from '../../common/log.ts';
import type { Cluster } from '../kubernetes/port.ts';
import type { Pool } from '../model/pool.ts';
import type { Pools } from '../model/pools.ts';

export type PlaceWriterOptions = {
  pools: Pools;
  cluster: Pick<Cluster, 'makeRoom' | 'writePlaces'>;
  log: Logger;
  clock: () => number;
  monotonic: () => number;
  delay: (ms: number) => Promise<void>;
};

/** What changes within so long is one write. Far less than it takes until a visitor is told of a place. */
const gatherMs = 200;
const pauseMs = 1_000;

export class PlaceWriter {
  readonly #options: PlaceWriterOptions;
  readonly #writing = new Set<Pool>();

  constructor(options: PlaceWriterOptions) {
    this.#options = options;
  }

  /** Something may have to be written. To be called at every look. */
  look(pool: Pool): void {
    if (this.#writing.has(pool) || !pool.spec || pool.waiting.isEmpty) return;
    if (this.#changes(pool).places.size === 0) return;
    this.#writing.add(pool);
    void this.#write(pool).finally(() => this.#writing.delete(pool));
  }

  async #write(pool: Pool): Promise<void> {
    const { pools, cluster, clock, delay, log } = this.#options;
    try {
      for (;;) {
        await delay(gatherMs);
        const { places, unchanged } = this.#changes(pool);
        if (places.size === 0 || !pool.spec) return;
        const room = pool.room ?? (await cluster.makeRoom(pool.spec));
        const written = await cluster.writePlaces(room, places, { unchanged });
        // Another manager was first: its news are on the way.
        if (written === 'conflict') return;
        pools.observe({ kind: 'room', name: written.name, object: written }, clock());
      }
    } catch (error) {
      // Planned again at a later look.
      log.warn({ pool: pool.name, err: error }, 'places in the waiting room could not be written');
      await delay(pauseMs);
    }
  }

  #changes(pool: Pool) {
    return pool.waiting.changes(this.#options.clock(), this.#options.monotonic());
  }
}
