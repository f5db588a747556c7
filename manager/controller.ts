// Gather, plan, apply: takes in what the watches tell, asks the pure part what each pool needs, and does it through the
// Kubernetes port. Level-triggered: an action that failed or came to nothing is planned again at the next look. Every
// manager keeps terminals coming; ending sessions and telling of trouble is for the leader.

import { setInterval } from 'node:timers/promises';
import { isAbort } from '../common/errors.ts';
import type { Logger } from '../common/log.ts';
import type { Cluster } from './cluster/port.ts';
import { describeBroken, reasonOf } from './pool/broken.ts';
import { type Notice, noticesOf } from './pool/notices.ts';
import type { Observation, ObservedPool, ObservedRoute, ObservedService } from './pool/observation.ts';
import { noteDemand, type Plan, planPool, withoutLead } from './pool/plan.ts';
import type { Pool } from './pool/pool.ts';
import type { Pools } from './pool/pools.ts';
import { replacePod, shrinkPool } from './retire.ts';

export type ControllerOptions = {
  pools: Pools;
  cluster: Cluster;
  log: Logger;
  clock: () => number;
  /** Whether this manager leads, at this moment. */
  isLeader: () => boolean;
  /** Visitors who wait for a pod of this pool. */
  waiting: (pool: Pool) => number;
  /** A pool has changed in any way. */
  onChange: (pool: Pool) => void;
};

const lookEveryMs = 1_000;
const backOff = { firstMs: 500, maxMs: 30_000 };
// Services and routes are made ahead of need, so there is no hurry that would justify a flood of them.
const exposuresAtOnce = 8;
// A cluster that cannot start pods is not helped by a flood of new ones.
const retriesAtOnce = 8;

export class Controller {
  readonly #options: ControllerOptions;
  readonly #dirty = new Set<Pool>();
  /** Actions under way, and those that failed lately with the time before which they are not tried again. */
  readonly #underWay = new Set<string>();
  readonly #failed = new Map<string, { failures: number; notBefore: number }>();
  readonly #told = new Map<Pool, Set<string>>();
  /** When a pod was last broken, by pool. */
  readonly #brokenAt = new Map<string, number>();
  #synced = false;

  constructor(options: ControllerOptions) {
    this.#options = options;
  }

  /** Whether everything that exists has been seen, so that claims can be answered. */
  get synced(): boolean {
    return this.#synced;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { cluster, pools, log } = this.#options;
    const sink = {
      observe: (observation: Parameters<Pools['observe']>[0]) => {
        const pool = pools.observe(observation);
        if (pool) this.touch(pool);
        else if (observation.kind === 'node') for (const each of pools.all()) this.touch(each);
      },
      synced: () => {
        this.#synced = true;
        log.info({ pools: [...pools.all()].map(({ name }) => name) }, 'synced');
        for (const pool of pools.all()) this.touch(pool);
      },
    };
    await Promise.all([cluster.watch(sink, signal), this.#lookNowAndThen(signal)]);
  }

  /** The pool may need something: it is looked at once the events at hand are through. */
  touch(pool: Pool): void {
    if (this.#dirty.size === 0) setImmediate(() => this.#lookAtDirty());
    this.#dirty.add(pool);
  }

  async #lookNowAndThen(signal: AbortSignal): Promise<void> {
    try {
      for await (const _ of setInterval(lookEveryMs, undefined, { signal })) {
        for (const pool of this.#options.pools.all()) this.touch(pool);
        this.#forgetOldFailures();
      }
    } catch (error) {
      if (!isAbort(error)) throw error;
    }
  }

  #lookAtDirty(): void {
    const pools = [...this.#dirty];
    this.#dirty.clear();
    if (!this.#synced) return;
    for (const pool of pools) {
      this.#options.onChange(pool);
      this.#apply(pool);
    }
  }

  #apply(pool: Pool): void {
    const { cluster, pools, clock, isLeader, waiting, log } = this.#options;
    const { spec } = pool;
    if (!spec) return;
    const leads = isLeader();
    if (leads) this.#tellNotices(pool);
    noteDemand(pool, clock(), waiting(pool));
    const everything = planPool(pool, clock(), waiting(pool));
    const plan = leads ? everything : withoutLead(everything);
    const { scaleTo, reap, retry } = plan;
    if (scaleTo !== undefined) {
      this.#once(`scale ${pool.name}`, async () => {
        const scaled = await cluster.scalePool(spec, scaleTo);
        if (scaled === 'conflict') return;
        log.info({ pool: pool.name, from: spec.replicas, to: scaleTo }, 'scaled');
        pools.observe({ kind: 'pool', name: spec.statefulSet, object: scaled });
        this.touch(pool);
      });
    }
    this.#retire(pool, spec, plan);
    this.#expose(pool, spec, plan);
    for (const { name, uid, reason } of reap) {
      this.#once(`reap ${uid}`, async () => {
        pools.observeDeletion({ name, uid }, await cluster.deletePod({ name, uid }));
        log.info({ pool: pool.name, pod: name, reason }, 'reaped');
        this.touch(pool);
      });
    }
    for (const pod of retry.slice(0, retriesAtOnce)) {
      this.#once(`retry ${pod.uid}`, async () => {
        const retried = await cluster.retryPod(pod);
        if (retried === 'conflict') return;
        pools.observeDeletion(pod, retried);
        log.info({ pool: pool.name, pod: pod.name, reason: reasonOf(pod) }, 'broken, trying again');
        this.touch(pool);
      });
    }
  }

  #retire(pool: Pool, spec: ObservedPool, { shrink, replace }: Plan): void {
    const { cluster, pools, log } = this.#options;
    const observe = (observation: Observation) => {
      pools.observe(observation);
      this.touch(pool);
    };
    if (shrink) {
      this.#once(`shrink ${pool.name}`, async () => {
        const to = await shrinkPool(cluster, pool, spec, shrink, observe);
        if (to !== undefined) log.info({ pool: pool.name, from: spec.replicas, to }, 'shrunk');
      });
    }
    for (const pod of replace) {
      this.#once(`replace ${pod.uid}`, async () => {
        const going = await replacePod(cluster, pod, observe);
        if (going === 'conflict') return;
        pools.observeDeletion(pod, going);
        log.info({ pool: pool.name, pod: pod.name, revision: pod.revision }, 'replaced');
        this.touch(pool);
      });
    }
  }

  #expose(pool: Pool, spec: ObservedPool, { expose, restore, withdraw }: Plan): void {
    const { cluster, pools, log } = this.#options;
    const each = <T>(items: T[], key: (item: T) => string, act: (item: T) => Promise<Observation | undefined>) => {
      for (const item of items.slice(0, exposuresAtOnce)) {
        this.#once(key(item), async () => {
          const news = await act(item);
          if (!news) return;
          pools.observe(news);
          this.touch(pool);
        });
      }
    };
    each(
      expose.services,
      (ordinal) => `expose ${pool.name} ${ordinal}`,
      async (ordinal) => tell('service', await cluster.exposePod(spec, ordinal)),
    );
    each(
      expose.routes,
      (ordinal) => `route ${pool.name} ${ordinal}`,
      async (ordinal) => tell('route', await cluster.routePod(spec, ordinal)),
    );
    each(
      restore,
      ({ uid }) => `restore ${uid}`,
      async (route) => {
        const restored = await cluster.restoreRoute(route);
        if (restored) log.info({ pool: pool.name, route: route.name }, 'route restored to its template');
        return restored && tell('route', restored);
      },
    );
    // Of what is withdrawn the watch tells: a successor of its name may have been seen already.
    const withdrawn = ({ uid }: { uid: string }) => `withdraw ${uid}`;
    each(withdraw.routes, withdrawn, (route) => cluster.withdrawRoute(route).then(() => undefined));
    each(withdraw.services, withdrawn, (service) => cluster.withdrawService(service).then(() => undefined));
  }

  /** Runs an action unless it is under way already, or has failed too recently. */
  #once(key: string, action: () => Promise<void>): void {
    const { clock, log } = this.#options;
    const failed = this.#failed.get(key);
    if (this.#underWay.has(key) || (failed && clock() < failed.notBefore)) return;
    this.#underWay.add(key);
    action()
      .then(
        () => void this.#failed.delete(key),
        (error: unknown) => {
          const failures = (failed?.failures ?? 0) + 1;
          const pause = Math.min(backOff.maxMs, backOff.firstMs * 2 ** (failures - 1));
          this.#failed.set(key, { failures, notBefore: clock() + pause });
          log.warn({ action: key, err: error, failures }, 'action failed, trying again');
        },
      )
      .finally(() => this.#underWay.delete(key));
  }

  /** What failed once and is wanted no more, such as the end of a pod that has gone by itself, is not kept for ever. */
  #forgetOldFailures(): void {
    const longAgo = this.#options.clock() - backOff.maxMs;
    for (const [key, { notBefore }] of this.#failed) if (notBefore < longAgo) this.#failed.delete(key);
  }

  /** Told only once the Event is written: until then it is tried again like every other action. */
  #tellNotices(pool: Pool): void {
    const { cluster, log, clock } = this.#options;
    const told = this.#told.get(pool);
    const notices = [...noticesOf(pool, clock()), ...this.#noticeOfBroken(pool, clock())];
    const now = new Map(notices.map((notice) => [`${notice.reason} ${notice.about}`, notice]));
    // What has come to its end may come again.
    const still = new Set([...now.keys()].filter((key) => told?.has(key)));
    if (now.size === 0) this.#told.delete(pool);
    else this.#told.set(pool, still);
    for (const [key, { reason, message }] of now) {
      if (still.has(key) || message === '') continue;
      this.#once(`warn ${pool.name} ${reason}`, async () => {
        await cluster.warn(pool.spec!, reason, message);
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
    const message = broken ? `${broken}. They are tried again, and not counted.` : '';
    return [{ reason: 'BrokenTerminals', about: '', message }];
  }
}

const tell = (kind: 'service' | 'route', object: ObservedService | ObservedRoute) =>
  ({ kind, name: object.name, object }) as Observation;
