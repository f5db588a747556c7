// What the manager counts and measures. What can be read off its state, as pools can, is read when it is asked for;
// the rest is told by those to whom it happens.

import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { type ReviewResult, reviewResults } from './api/review-queue.ts';
import type { ClaimOutcome } from './claims/types.ts';
import { Refills } from './model/estimators/refills.ts';
import type { Observation } from './model/observation.ts';
import type { Pool } from './model/pool.ts';
import type { Pools } from './model/pools.ts';
import { countPods, type ReapReason, reapReasons, spareAt } from './plan/plan.ts';

export type Observed = {
  pools: Pick<Pools, 'all'>;
  waiting: (pool: Pool) => number;
  isLeader: () => boolean;
  clock: () => number;
};

/** What a manager has done to a pool; `reason` of a reaped session. */
export type Done = {
  pool: string;
  action: (typeof unreasoned)[number] | 'reap';
  reason?: ReapReason;
};

const unreasoned = ['scale-up', 'scale-down', 'replace', 'retry'] as const;
/** What claims mostly come to, and what alerts are about. */
const usualResults = ['new', 'reconnected', 'waiting', 'unavailable', 'timeout', 'internal', 'conflict'] as const;

export type Metrics = ReturnType<typeof createMetrics>;

/** Metrics of one manager. Those of pools are the same at every manager. */
export function createMetrics({ pools, waiting, isLeader, clock }: Observed) {
  const registers = [new Registry()];

  const perPool = (name: string, help: string, read: (pool: Pool) => number) =>
    new Gauge({
      name: `warmterm_pool_${name}`,
      help,
      labelNames: ['pool'],
      registers,
      collect() {
        // A pool that is gone is told of no more.
        this.reset();
        for (const pool of pools.all()) this.set({ pool: pool.name }, read(pool));
      },
    });
  perPool('waiting', 'Visitors in the queue, at all managers', waiting);
  perPool('spare', 'Terminals that are to be kept ready', (pool) => spareAt(pool, clock()));
  perPool('min', 'Replicas that the pool never goes below', ({ settings }) => settings.min);
  perPool('max', 'Replicas that the pool never goes above', ({ settings }) => settings.max);
  perPool('replicas', 'Replicas of the StatefulSet', ({ replicas }) => replicas);
  perPool('wrong_settings', 'Annotations that do not parse, so that a former value is in force', ({ problems }) => {
    return problems.length;
  });
  new Gauge({
    name: 'warmterm_pool_terminals',
    help: 'Terminals by state: ready, in-use, recreating, broken, or unreachable for want of an address',
    labelNames: ['pool', 'state'],
    registers,
    collect() {
      this.reset();
      for (const pool of pools.all()) {
        const { ready, inUse, recreating, broken, unreachable } = countPods(pool, clock());
        this.set({ pool: pool.name, state: 'ready' }, ready);
        this.set({ pool: pool.name, state: 'in-use' }, inUse);
        this.set({ pool: pool.name, state: 'recreating' }, recreating);
        this.set({ pool: pool.name, state: 'broken' }, broken);
        this.set({ pool: pool.name, state: 'unreachable' }, unreachable);
      }
    },
  });
  new Gauge({
    name: 'warmterm_leader',
    help: '1 at the manager that leads, else 0',
    registers,
    collect() {
      this.set(isLeader() ? 1 : 0);
    },
  });
  const claims = new Counter({
    name: 'warmterm_claims_total',
    help: 'Claims by result: new, reconnected, abandoned by their visitor, or the code of an error',
    labelNames: ['pool', 'result'],
    registers,
  });
  const claimSeconds = new Histogram({
    name: 'warmterm_claim_duration_seconds',
    help: 'From the request to a terminal that is claimed now, the wait for one to become ready included',
    labelNames: ['pool'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const hits = new Counter({
    name: 'warmterm_claim_hits_total',
    help: 'New visitors who found a ready terminal at once',
    labelNames: ['pool'],
    registers,
  });
  const misses = new Counter({
    name: 'warmterm_claim_misses_total',
    help: 'New visitors who waited for a terminal, or gave up before there was one',
    labelNames: ['pool'],
    registers,
  });
  const refillSeconds = new Histogram({
    name: 'warmterm_refill_duration_seconds',
    help: 'From the moment at which a claim or the end of a session made a terminal necessary until it is Ready',
    labelNames: ['pool'],
    buckets: [0.25, 0.5, 1, 2, 4, 6, 8, 10, 15, 20, 30, 60, 120, 300],
    registers,
  });
  const actions = new Counter({
    name: 'warmterm_pool_actions_total',
    help: 'What this manager has done: scale-up, scale-down, replace, retry, or reap for a reason',
    labelNames: ['pool', 'action', 'reason'],
    registers,
  });
  const failures = new Counter({
    name: 'warmterm_actions_failed_total',
    help: 'Actions that failed and are tried again, by kind',
    labelNames: ['action'],
    registers,
  });
  const requests = new Counter({
    name: 'warmterm_kubernetes_requests_total',
    help: 'Requests to the Kubernetes API by HTTP method and status; 0 is no answer',
    labelNames: ['verb', 'code'],
    registers,
  });
  const reviews = new Counter({
    name: 'warmterm_token_reviews_total',
    help: 'Reviews of callers’ tokens by result: valid, invalid, unanswered by the Kubernetes API, or refused to a source of too many',
    labelNames: ['result'],
    registers,
  });
  for (const result of reviewResults) reviews.inc({ result }, 0);
  const watchRestarts = new Counter({
    name: 'warmterm_kubernetes_watch_restarts_total',
    help: 'Watches of the Kubernetes API that broke, and were started again',
    labelNames: ['resource'],
    registers,
  });

  const refills = new Map<string, Refills>();

  // To Prometheus a series that is not there is no zero: a rate of it has no value, nor has a sum with it, and its first 1 is
  // no increase.
  const startAtZero = (pool: string): void => {
    hits.inc({ pool }, 0);
    misses.inc({ pool }, 0);
    for (const result of usualResults) claims.inc({ pool, result }, 0);
    for (const action of unreasoned) actions.inc({ pool, action, reason: '' }, 0);
    for (const reason of reapReasons) actions.inc({ pool, action: 'reap', reason }, 0);
  };

  return {
    registry: registers[0]!,
    claimed({ pool, result, ms, waited }: ClaimOutcome): void {
      claims.inc({ pool, result });
      if (result === 'new' && !waited) hits.inc({ pool });
      if (waited && (result === 'new' || result === 'abandoned')) misses.inc({ pool });
      if (result === 'new') claimSeconds.observe({ pool }, ms / 1_000);
    },
    done: ({ pool, action, reason = undefined }: Done): void => actions.inc({ pool, action, reason: reason ?? '' }),
    failed: (action: string): void => failures.inc({ action }),
    observed({ kind, object }: Observation): void {
      if (!object || (kind !== 'pool' && kind !== 'pod')) return;
      const name = kind === 'pool' ? object.name : object.pool;
      let known = refills.get(name);
      if (!known) {
        known = new Refills();
        refills.set(name, known);
        startAtZero(name);
      }
      if (kind === 'pool') {
        known.resize(object.replicas, clock());
        return;
      }
      const ms = known.observe(object, clock());
      if (ms !== undefined) refillSeconds.observe({ pool: name }, ms / 1_000);
    },
    reviewed: (result: ReviewResult): void => reviews.inc({ result }),
    requested: (verb: string, code: number): void => requests.inc({ verb, code }),
    /** `path` is the collection's, such as /api/v1/nodes. */
    watchBroke: (path: string): void => watchRestarts.inc({ resource: path.slice(path.lastIndexOf('/') + 1) }),
  };
}
