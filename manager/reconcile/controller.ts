// Gather, plan, apply: takes in what the watches tell, asks the pure part what each pool needs, and does it through the
// Kubernetes port. Level-triggered: an action that failed or came to nothing is planned again at the next look. Every
// manager keeps terminals coming; ending sessions and telling of trouble is for the leader.

import type { Logger } from '../../common/log.ts';
import { aboutPod, aboutPool, EventRecorder } from '../events/event-recorder.ts';
import { explainGrowth, explainReap, explainShrink, typeOfReap } from '../events/explanations.ts';
import type { Watchdog } from '../health/watchdog.ts';
import type { Cluster } from '../kubernetes/port.ts';
import { readRefusal } from '../kubernetes/refusal.ts';
import type { ExposureFailure } from '../model/exposure-failures.ts';
import type { Observation, ObservedPod, ObservedPool, ObservedRoute, ObservedService } from '../model/observation.ts';
import type { Pool } from '../model/pool.ts';
import type { Pools } from '../model/pools.ts';
import { reasonOf } from '../plan/broken.ts';
import { noteDemand, type Plan, planPool, type ReapReason, withoutLead } from '../plan/plan.ts';
import { CreateFailures } from './create-failures.ts';
import { replacePod, shrinkPool } from './retire.ts';
import { createThrottle } from './throttle.ts';
import { UnknownNodes } from './unknown-nodes.ts';

/** What a manager did to a pool; `reason` of a reaped session. */
export type Done = {
  pool: string;
  action: 'scale-up' | 'scale-down' | 'replace' | 'retry' | 'reap';
  reason?: ReapReason;
};

/** Counts actions. */
export type ActionMetrics = { done(action: Done): void; failed(action: string): void };

export type ControllerOptions = {
  pools: Pools;
  cluster: Cluster;
  log: Logger;
  clock: () => number;
  /** Milliseconds that no setting of the clock changes. */
  monotonic: () => number;
  /** Resolves after so many milliseconds, rejects when `signal` is aborted. */
  delay: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Whether this manager leads, at this moment. */
  isLeader: () => boolean;
  /** For how long the API server has answered this manager. */
  answeredForMs: () => number;
  /** Visitors who wait for a pod of this pool. */
  waiting: (pool: Pool) => number;
  /** When this manager last had a report of a terminal. A terminal reports only once a visitor has connected. */
  heardAt: (uid: string) => number | undefined;
  /** To be called at every look while this manager leads. */
  watchdog: Pick<Watchdog, 'check'>;
  metrics: ActionMetrics;
};

const lookEveryMs = 1_000;
// During an outage of the leader or of the API server, no manager can write that a visitor has connected. Afterwards the leader
// waits so long before it ends an unused terminal: terminals report at least every ten seconds.
const listenFirstMs = 15_000;
const backOff = { firstMs: 500, maxMs: 30_000 };
// Services and routes are made ahead of need, so there is no hurry that would justify a flood of them.
const exposuresAtOnce = 8;
// A cluster that cannot start pods is not helped by a flood of new ones.
const retriesAtOnce = 8;
// A node that is deleted or shut down may have had more than a hundred pods, and claims share the connections.
const deadAtOnce = 8;

export class Controller {
  readonly #options: ControllerOptions;
  /** Pools that have changed since they were evaluated. */
  readonly #dirty = new Set<Pool>();
  readonly #requestEvaluation: () => void;
  /** Actions under way, and those that failed lately with the time before which they are not tried again. */
  readonly #underWay = new Set<string>();
  readonly #failed = new Map<string, { failures: number; notBefore: number }>();
  readonly #events: EventRecorder;
  readonly #unknownNodes: UnknownNodes;
  readonly #createFailures: CreateFailures;
  /** Since when this manager has been leading. */
  #leadsSince: number | undefined;

  constructor(options: ControllerOptions) {
    this.#options = options;
    const { cluster, log, clock, monotonic, delay } = options;
    this.#requestEvaluation = createThrottle({ work: () => this.#evaluateDirty(), monotonic, delay });
    this.#unknownNodes = new UnknownNodes(options);
    this.#createFailures = new CreateFailures(options);
    this.#events = new EventRecorder({ cluster, log, clock, once: (key, action) => this.#once(key, action) });
  }

  async run(signal: AbortSignal): Promise<void> {
    const { cluster, pools, log, clock, monotonic } = this.#options;
    const sink = {
      observe: (observation: Observation) => void pools.observe(observation, clock(), monotonic()),
      synced: () => {
        log.info({ pools: [...pools.all()].map(({ name }) => name) }, 'synced');
        pools.markSynced();
      },
    };
    const unsubscribe = pools.subscribe((pool) => this.#enqueue(pool));
    try {
      await Promise.all([cluster.watch(sink, signal), this.#tick(signal)]);
    } finally {
      unsubscribe();
    }
  }

  #enqueue(pool: Pool): void {
    this.#dirty.add(pool);
    this.#requestEvaluation();
  }

  async #tick(signal: AbortSignal): Promise<void> {
    const { pools, delay } = this.#options;
    for (;;) {
      await delay(lookEveryMs, signal).catch(() => {});
      if (signal.aborted) return;
      for (const pool of [...pools.all(), ...pools.away(this.#options.clock())]) pool.changed();
      this.#forgetOldFailures();
      this.#events.flush();
    }
  }

  #evaluateDirty(): void {
    const { pools, monotonic } = this.#options;
    pools.updateNodes(monotonic());
    const dirty = [...this.#dirty];
    this.#dirty.clear();
    for (const pool of dirty) this.#apply(pool);
  }

  #apply(pool: Pool): void {
    const { cluster, pools, clock, isLeader, waiting, log, metrics } = this.#options;
    const { spec } = pool;
    if (!spec) return;
    const leads = isLeader();
    if (leads) this.#leadsSince ??= clock();
    else this.#leadsSince = undefined;
    if (leads) {
      this.#options.watchdog.check(pool);
      this.#events.check(pool);
    }
    this.#unknownNodes.look(pool);
    noteDemand(pool, clock(), waiting(pool));
    this.#createFailures.look(pool);
    const everything = planPool(pool, clock(), waiting(pool));
    const plan = leads ? everything : withoutLead(everything);
    const { scaleTo, reap, retry } = plan;
    const about = aboutPool(spec);
    if (scaleTo !== undefined) {
      const message = explainGrowth(pool, clock(), waiting(pool), scaleTo);
      this.#once(`scale ${pool.name}`, async () => {
        const scaled = await cluster.scalePool(spec, scaleTo);
        if (scaled === 'conflict') return;
        log.info({ pool: pool.name, from: spec.replicas, to: scaleTo }, 'scaled');
        metrics.done({ pool: pool.name, action: 'scale-up' });
        this.#events.record({ about, type: 'Normal', reason: 'ScaledUp', message });
        pools.observe({ kind: 'pool', name: spec.statefulSet, object: scaled, answered: true });
      });
    }
    this.#retire(pool, spec, plan);
    this.#expose(pool, spec, plan);
    const isOrphan = ({ reason }: Plan['reap'][number]) => reason === 'node-deleted' || reason === 'not-removed';
    const isDead = (each: Plan['reap'][number]) => isOrphan(each) || each.reason === 'pod-ended';
    const dead = reap.filter(isDead).slice(0, deadAtOnce);
    for (const overdue of [...reap.filter((each) => !isDead(each)), ...dead]) {
      const { pod, reason } = overdue;
      if (reason === 'never-connected' && !this.#hasListened(pool, pod)) continue;
      const { name, uid } = pod;
      this.#once(`reap ${uid}`, async () => {
        if ((reason === 'duplicate' || reason === 'node-lost') && !(await this.#hasOther(pool, pod))) return;
        if ((reason === 'node-deleted' || reason === 'node-lost') && !(await this.#isNodeAway(pod, reason))) return;
        // A watch may be held up: that somebody has connected meanwhile is not to be overlooked.
        const reaped = isOrphan(overdue) ? await cluster.removeOrphan(pod) : await cluster.deleteAsSeen(pod);
        if (reaped === 'conflict') return;
        // Finalizers may keep an orphan: the watch tells when it is gone.
        if (reaped !== 'removed') pools.observeDeletion(pod, reaped);
        log.info({ pool: pool.name, pod: name, reason }, 'reaped');
        metrics.done({ pool: pool.name, action: 'reap', reason });
        const news = { type: typeOfReap(reason), reason: 'Reaped' };
        const why = explainReap(pod, reason, pool.settings);
        this.#events.record({ ...news, about: aboutPod({ name, uid }), message: why });
        this.#events.record({ ...news, about, message: `${name} was deleted: ${why}` });
      });
    }
    for (const pod of retry.slice(0, retriesAtOnce)) {
      this.#once(`retry ${pod.uid}`, async () => {
        const retried = await cluster.deleteAsSeen(pod);
        if (retried === 'conflict') return;
        pools.observeDeletion(pod, retried);
        log.info({ pool: pool.name, pod: pod.name, reason: reasonOf(pod) }, 'broken, trying again');
        metrics.done({ pool: pool.name, action: 'retry' });
        const message = `It is not Ready, and is made anew: ${reasonOf(pod)}`;
        this.#events.record({ about: aboutPod(pod), type: 'Warning', reason: 'TriedAgain', message });
      });
    }
  }

  /** Whether the visitor of `pod` still has the other terminal for which this one is to go. A watch may be late to tell of its end. */
  async #hasOther(pool: Pool, pod: ObservedPod): Promise<boolean> {
    const { cluster, pools } = this.#options;
    const other = pool.terminalOf(pod.claim!.visitor);
    if (!other || other === pod) return false;
    const now = await cluster.readPod(other.name);
    if (now?.uid === other.uid && !now.terminating && !now.ended) return true;
    pools.observeDeletion(other, now?.uid === other.uid ? now : undefined);
    return false;
  }

  /** Whether the node of `pod` is still deleted, or still NotReady. A watch may be late to tell of its return. */
  async #isNodeAway({ node: name }: ObservedPod, reason: 'node-deleted' | 'node-lost'): Promise<boolean> {
    const { cluster, pools, monotonic } = this.#options;
    if (name === undefined) return true;
    const node = await cluster.readNode(name);
    if (reason === 'node-deleted' ? !node : !node?.ready) return true;
    pools.observeNode(name, node, monotonic(), false);
    return false;
  }

  /** Whether this manager has waited long enough for a report of `pod`, and had none. A report counts also if its write failed. */
  #hasListened({ settings }: Pool, { uid }: ObservedPod): boolean {
    const { heardAt, answeredForMs, clock } = this.#options;
    if (heardAt(uid) !== undefined || this.#leadsSince === undefined) return false;
    const listenMs = Math.min(listenFirstMs, settings.connectTimeout);
    return clock() >= this.#leadsSince + listenMs && answeredForMs() >= listenMs;
  }

  #retire(pool: Pool, spec: ObservedPool, { shrink, replace }: Plan): void {
    const { cluster, pools, log, metrics } = this.#options;
    const observe = (observation: Observation) => void pools.observe(observation);
    if (shrink) {
      this.#once(`shrink ${pool.name}`, async () => {
        const to = await shrinkPool(cluster, pool, spec, shrink, observe);
        if (to === undefined) return;
        log.info({ pool: pool.name, from: spec.replicas, to }, 'shrunk');
        metrics.done({ pool: pool.name, action: 'scale-down' });
        const message = explainShrink(pool, spec.replicas, to);
        this.#events.record({ about: aboutPool(spec), type: 'Normal', reason: 'ScaledDown', message });
      });
    }
    for (const pod of replace) {
      this.#once(`replace ${pod.uid}`, async () => {
        const going = await replacePod(cluster, pod, observe);
        if (going === 'conflict') return;
        pools.observeDeletion(pod, going);
        log.info({ pool: pool.name, pod: pod.name, revision: pod.revision }, 'replaced');
        metrics.done({ pool: pool.name, action: 'replace' });
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
        });
      }
    };
    each(
      expose.services,
      (ordinal) => `expose ${pool.name} ${ordinal}`,
      async (ordinal) => {
        const made = await this.#noteRefusal(pool, { kind: 'Service', ordinal }, cluster.exposePod(spec, ordinal));
        return tell('service', made);
      },
    );
    each(
      expose.routes,
      (ordinal) => `route ${pool.name} ${ordinal}`,
      async (ordinal) => {
        const made = await this.#noteRefusal(pool, { kind: 'route', ordinal }, cluster.routePod(spec, ordinal));
        return tell('route', made);
      },
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

  /** Has the pool remember that the API server refuses to make a Service or a route. */
  async #noteRefusal<T>(pool: Pool, about: Pick<ExposureFailure, 'kind' | 'ordinal'>, attempt: Promise<T>): Promise<T> {
    try {
      return await attempt;
    } catch (error) {
      const refusal = readRefusal(error);
      if (refusal) {
        pool.noteExposureFailure({ ...about, ...refusal });
      }
      throw error;
    }
  }

  /** Runs an action unless it is under way already, or has failed too recently. */
  #once(key: string, action: () => Promise<void>): void {
    const { clock, log, metrics } = this.#options;
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
          metrics.failed(key.slice(0, key.indexOf(' ')));
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
}

const tell = (kind: 'service' | 'route', object: ObservedService | ObservedRoute) =>
  ({ kind, name: object.name, object }) as Observation;
