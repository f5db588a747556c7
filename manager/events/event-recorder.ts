// Writes Kubernetes Events about a pool. A notice is written once, and retried until the API server accepts it. An Event about an action
// of a manager is dropped if the API server rejects it.

import type { Logger } from '../../common/log.ts';
import type { Cluster } from '../kubernetes/port.ts';
import type { ObservedPool } from '../model/observation.ts';
import type { PoolFacts } from '../model/pool-facts.ts';
import { describeBroken, describeBrokenOnce } from '../plan/broken.ts';
import type { PoolSnapshot } from '../plan/snapshot.ts';
import { EventDigest, type Occurrence } from './event-digest.ts';
import { type Notice, noticesOf } from './notices.ts';
import { followProgress, type Progress } from './progress.ts';

export type EventRecorderOptions = {
  cluster: Pick<Cluster, 'recordEvent'>;
  log: Logger;
  clock: () => number;
  /** Runs an action that writes a notice. If it fails, a later check starts it again. */
  runAction: (action: NoticeAction) => void;
};

/** `target`: the reason of the notice. */
export type NoticeAction = { key: { kind: 'warn'; pool: string; target: string }; run: () => Promise<void> };

export class EventRecorder {
  readonly #options: EventRecorderOptions;
  /** The notices of each pool that were written and still apply. */
  readonly #written = new Map<string, Set<string>>();
  /** When a pod was last broken, by pool. */
  readonly #brokenAt = new Map<string, number>();
  readonly #progress = new Map<string, Progress>();
  readonly #digest = new EventDigest();

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  /** Records an action of a manager on a pool or on one of its pods. */
  record(occurrence: Occurrence): void {
    this.#digest.add(occurrence, this.#options.clock());
    this.flush();
  }

  /** Writes the Events that are due. Call it about once a second. */
  flush(): void {
    const { cluster, log, clock } = this.#options;
    for (const event of this.#digest.due(clock())) {
      cluster.recordEvent(event).catch((error: unknown) => {
        log.warn({ err: error, reason: event.reason, about: event.about.name }, 'Kubernetes Event not written');
      });
    }
  }

  /** Records the pool's notices and progress. Only the leader calls it, at every evaluation. */
  check(snapshot: PoolSnapshot): void {
    const { pool } = snapshot;
    this.#recordNotices(snapshot);
    const { progress, steps } = followProgress(snapshot, this.#progress.get(pool.name) ?? {});
    this.#progress.set(pool.name, progress);
    for (const step of steps) this.record({ about: aboutPool(pool.spec!), type: 'Normal', ...step });
  }

  #recordNotices(snapshot: PoolSnapshot): void {
    const { pool } = snapshot;
    const { cluster, log, clock, runAction } = this.#options;
    const written = this.#written.get(pool.name);
    const notices = [...noticesOf(snapshot), ...this.#noticeOfBroken(pool)];
    const current = new Map(notices.map((notice) => [`${notice.reason} ${notice.about}`, notice]));
    // Forget a notice that no longer applies, so that it is written again when it returns.
    const still = new Set([...current.keys()].filter((key) => written?.has(key)));
    if (current.size === 0) this.#written.delete(pool.name);
    else this.#written.set(pool.name, still);
    for (const [key, { reason, message }] of current) {
      if (still.has(key) || message === '') continue;
      const run = async () => {
        const at = clock();
        const about = aboutPool(pool.spec!);
        await cluster.recordEvent({ about, type: 'Warning', reason, message, count: 1, firstAt: at, lastAt: at });
        this.#written.get(pool.name)?.add(key);
        log.warn({ pool: pool.name, reason, message }, 'pool needs attention');
      };
      runAction({ key: { kind: 'warn', pool: pool.name, target: reason }, run });
    }
  }

  // The reasons for broken pods appear and disappear. The notice therefore applies until every pod that started or was retried meanwhile
  // has become Ready.
  #noticeOfBroken(pool: PoolFacts): Notice[] {
    const { now } = pool;
    const broken = describeBroken(pool);
    if (broken) this.#brokenAt.set(pool.name, now);
    const brokenAt = this.#brokenAt.get(pool.name);
    if (brokenAt === undefined) return [];
    if (!broken && now >= brokenAt + pool.settings.startTimeout && !pool.starts.failing(pool.replicas)) {
      this.#brokenAt.delete(pool.name);
      return [];
    }
    // The Event is written once, so wait until the message states the reason.
    const description = describeBrokenOnce(pool);
    const message = description ? `${description}. They are retried, and do not count as spares.` : '';
    return [{ reason: 'BrokenTerminals', about: '', message }];
  }
}

export const aboutPool = ({ statefulSet, uid }: ObservedPool): Occurrence['about'] => ({
  kind: 'StatefulSet',
  name: statefulSet,
  uid,
});

export const aboutPod = ({ name, uid }: { name: string; uid: string }): Occurrence['about'] => ({
  kind: 'Pod',
  name,
  uid,
});
