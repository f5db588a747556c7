// Asks why the StatefulSet controller does not create pods: another pod has the name, or it says so by Events only. Both are read
// while an ordinal has no pod for longer than a creation takes, and not often: nothing watches them.

import type { Logger } from '../../common/log.ts';
import { labels } from '../../common/names.ts';
import type { Cluster, PodInTheWay } from '../kubernetes/port.ts';
import type { ObservedPool } from '../model/observation.ts';
import type { Pool } from '../model/pool.ts';

export type CreateFailuresOptions = {
  cluster: Pick<Cluster, 'readCreateFailure' | 'readPodInTheWay'>;
  log: Logger;
  clock: () => number;
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
    void this.#ask(pool, pool.spec);
  }

  async #ask(pool: Pool, { uid, statefulSet }: ObservedPool): Promise<void> {
    const { cluster, log, clock } = this.#options;
    try {
      const [lowest] = pool.missing.missing(clock(), patienceMs);
      if (lowest === undefined) return;
      const name = `${statefulSet}-${lowest}`;
      const inTheWay = await cluster.readPodInTheWay(name, { uid, name: pool.name });
      const message = inTheWay ? describeInTheWay(name, inTheWay) : await cluster.readCreateFailure({ uid });
      pool.noteCreateFailure(uid, message);
    } catch (error) {
      log.warn({ pool: pool.name, err: error }, 'Why pods are not created cannot be read, asking again');
    }
  }
}

/** The StatefulSet controller says nothing of it, and may stop at the first pod that it cannot create. */
function describeInTheWay(name: string, { pool }: PodInTheWay): string {
  const label = pool === undefined ? `without the label ${labels.pool}` : `with the label ${labels.pool}=${pool}`;
  return `another pod has the name ${name} (${label}). Until it is deleted, Kubernetes can create neither this pod nor those of higher numbers`;
}
