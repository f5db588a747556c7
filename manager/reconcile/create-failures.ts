// Finds out why the StatefulSet controller does not create pods: another pod has the name, or an Event of the controller states the
// reason. Neither is watched. Both are read periodically while an ordinal has been without a pod for longer than a creation takes.

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

const creationMs = 10_000;
const readEveryMs = 30_000;

export class CreateFailures {
  readonly #options: CreateFailuresOptions;
  readonly #nextReadAt = new WeakMap<Pool, number>();

  constructor(options: CreateFailuresOptions) {
    this.#options = options;
  }

  /** Call it at every evaluation. */
  check(pool: Pool): void {
    const now = this.#options.clock();
    if (!pool.spec || pool.missing.missing(now, creationMs).length === 0) return;
    const nextReadAt = this.#nextReadAt.get(pool) ?? now;
    // The wall clock may have been set back.
    if (now < nextReadAt && nextReadAt <= now + readEveryMs) return;
    this.#nextReadAt.set(pool, now + readEveryMs);
    void this.#read(pool, pool.spec);
  }

  async #read(pool: Pool, { uid, statefulSet }: ObservedPool): Promise<void> {
    const { cluster, log, clock } = this.#options;
    try {
      const [lowest] = pool.missing.missing(clock(), creationMs);
      if (lowest === undefined) return;
      const name = `${statefulSet}-${lowest}`;
      const inTheWay = await cluster.readPodInTheWay(name, { uid, name: pool.name });
      const message = inTheWay ? describeInTheWay(name, inTheWay) : await cluster.readCreateFailure({ uid });
      pool.noteCreateFailure(uid, message);
    } catch (error) {
      log.warn({ pool: pool.name, err: error }, 'cannot read why pods are not created, trying again');
    }
  }
}

/** Describes a foreign pod. The StatefulSet controller does not report it, and may stop at the first pod that it cannot create. */
function describeInTheWay(name: string, { pool }: PodInTheWay): string {
  const label = pool === undefined ? `without the label ${labels.pool}` : `with the label ${labels.pool}=${pool}`;
  return `another pod has the name ${name} (${label}). Until it is deleted, Kubernetes can create neither this pod nor those of higher numbers`;
}
