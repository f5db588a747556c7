// Tells by Kubernetes Events: what is wrong with a pool, once and until it is written; and what managers did to it and why,
// which is dropped when the API server does not take it.

import type { Logger } from '../../common/log.ts';
import type { Cluster } from '../kubernetes/port.ts';
import type { ObservedPool } from '../model/observation.ts';
import type { Pool } from '../model/pool.ts';
import { describeBroken, describeBrokenOnce } from '../plan/broken.ts';
import { EventDigest, type News } from './event-digest.ts';
import { type Notice, noticesOf } from './notices.ts';
import { lookAtProgress, type Progress } from './progress.ts';

export type TellerOptions = {
  cluster: Pick<Cluster, 'tell'>;
  log: Logger;
  clock: () => number;
  /** Runs an action that is tried again, later, when it has failed. */
  once: (key: string, action: () => Promise<void>) => void;
};

export class Teller {
  readonly #options: TellerOptions;
  readonly #told = new Map<Pool, Set<string>>();
  /** When a pod was last broken, by pool. */
  readonly #brokenAt = new Map<string, number>();
  readonly #progress = new Map<Pool, Progress>();
  readonly #digest = new EventDigest();

  constructor(options: TellerOptions) {
    this.#options = options;
  }

  /** Something has been done to a pool, or to one of its pods. */
  tell(news: News): void {
    this.#digest.add(news, this.#options.clock());
    this.flush();
  }

  /** To be called every second or so: writes what has gathered. */
  flush(): void {
    const { cluster, log, clock } = this.#options;
    for (const event of this.#digest.due(clock())) {
      cluster.tell(event).catch((error: unknown) => {
        log.warn({ err: error, reason: event.reason, about: event.about.name }, 'an Event was not written');
      });
    }
  }

  /** Looks for what the leader should tell of the pool as it now is. */
  look(pool: Pool): void {
    this.#warn(pool);
    const { progress, steps } = lookAtProgress(pool, this.#options.clock(), this.#progress.get(pool) ?? {});
    this.#progress.set(pool, progress);
    for (const step of steps) this.tell({ about: aboutPool(pool.spec!), type: 'Normal', ...step });
  }

  #warn(pool: Pool): void {
    const { cluster, log, clock, once } = this.#options;
    const told = this.#told.get(pool);
    const notices = [...noticesOf(pool, clock()), ...this.#noticeOfBroken(pool, clock())];
    const now = new Map(notices.map((notice) => [`${notice.reason} ${notice.about}`, notice]));
    // What has come to its end may come again.
    const still = new Set([...now.keys()].filter((key) => told?.has(key)));
    if (now.size === 0) this.#told.delete(pool);
    else this.#told.set(pool, still);
    for (const [key, { reason, message }] of now) {
      if (still.has(key) || message === '') continue;
      once(`warn ${pool.name} ${reason}`, async () => {
        const at = clock();
        const about = aboutPool(pool.spec!);
        await cluster.tell({ about, type: 'Warning', reason, message, count: 1, firstAt: at, lastAt: at });
        this.#told.get(pool)?.add(key);
        log.warn({ pool: pool.name, reason, message }, 'something is wrong with a pool');
      });
    }
  }

  // One trouble lasts until every pod that started meanwhile, and every one that was tried again, has become Ready:
  // Kubernetes' reasons for it come and go, and so does its description.
  #noticeOfBroken(pool: Pool, now: number): Notice[] {
    const broken = describeBroken(pool, now);
    if (broken) this.#brokenAt.set(pool.name, now);
    const brokenAt = this.#brokenAt.get(pool.name);
    if (brokenAt === undefined) return [];
    if (!broken && now >= brokenAt + pool.settings.startTimeout && !pool.starts.failing(pool.replicas)) {
      this.#brokenAt.delete(pool.name);
      return [];
    }
    // Written once: a message that does not say why helps nobody.
    const told = describeBrokenOnce(pool, now);
    const message = told ? `${told}. They are tried again, and not counted.` : '';
    return [{ reason: 'BrokenTerminals', about: '', message }];
  }
}

export const aboutPool = ({ statefulSet, uid }: ObservedPool): News['about'] => ({
  kind: 'StatefulSet',
  name: statefulSet,
  uid,
});

export const aboutPod = ({ name, uid }: { name: string; uid: string }): News['about'] => ({ kind: 'Pod', name, uid });
