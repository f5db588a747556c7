// Asks why the StatefulSet controller does not create pods: it says so by Events only. They are read while an ordinal has no
// pod for longer than a creation takes, and not often: nothing watches them.

import type { Logger } from '../common/log.ts';
import type { Cluster } from './cluster/port.ts';
import type { Pool } from './pool/pool.ts';

export type CreateFailuresOptions = {
  cluster: Pick<Cluster, 'readCreateFailure'>;
  log: Logger;
  clock: () => number;
  /** What is known of the pool has changed. */
  onChange: (pool: Pool) => void;
};

const patienceMs = 10_000;
const againMs = 30_000;

export class CreateFailures {
  readonly #options: CreateFailuresOptions;
  readonly #askAt = new WeakMap<Pool, number>();

  constructor(options: CreateFailuresOptions) {
    this.#options = options;
  }

  /** To be called at every look. */
  look(pool: Pool): void {
    const now = this.#options.clock();
    if (!pool.spec || pool.missing.missing(now, patienceMs).length === 0) return;
    const askAt = this.#askAt.get(pool) ?? now;
    // The clock may have been set back.
    if (now < askAt && askAt <= now + againMs) return;
    this.#askAt.set(pool, now + againMs);
    void this.#ask(pool, pool.spec.uid);
  }

  async #ask(pool: Pool, uid: string): Promise<void> {
    const { cluster, log, onChange } = this.#options;
    try {
      const message = await cluster.readCreateFailure({ uid });
      if (message === pool.missing.refusal(uid)) return;
      pool.missing.observeRefusal(uid, message);
      onChange(pool);
    } catch (error) {
      log.warn(
        { pool: pool.name, err: error },
        'Events that say why pods are not created cannot be read, asking again',
      );
    }
  }
}
