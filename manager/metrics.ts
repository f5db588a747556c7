// What the manager counts and measures. What can be read off its state, as pools can, is read when it is asked for;
// the rest is told by those to whom it happens.

import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ClaimOutcome } from './claims/claims.ts';
import { countPods, spareAt } from './pool/plan.ts';
import type { Pool } from './pool/pool.ts';
import type { Pools } from './pool/pools.ts';

export type Observed = {
  pools: Pick<Pools, 'all'>;
  waiting: (pool: Pool) => number;
  isLeader: () => boolean;
  clock: () => number;
};

export type Metrics = ReturnType<typeof createMetrics>;

/** Metrics of one manager. Those of pools are the same at every manager, except for who waits at it. */
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
  perPool('waiting', 'Visitors who wait at this manager for a terminal', waiting);
  perPool('spare', 'Terminals that are to be kept ready', (pool) => spareAt(pool, clock()));
  perPool('min', 'Replicas that the pool never goes below', ({ settings }) => settings.min);
  perPool('max', 'Replicas that the pool never goes above', ({ settings }) => settings.max);
  perPool('replicas', 'Replicas of the StatefulSet', ({ replicas }) => replicas);
  perPool('wrong_settings', 'Annotations that do not parse, so that a former value is in force', ({ problems }) => {
    return problems.length;
  });
  new Gauge({
    name: 'warmterm_pool_terminals',
    help: 'Terminals by state: ready, in-use, recreating or broken',
    labelNames: ['pool', 'state'],
    registers,
    collect() {
      this.reset();
      for (const pool of pools.all()) {
        const { ready, inUse, recreating, broken } = countPods(pool, clock());
        this.set({ pool: pool.name, state: 'ready' }, ready);
        this.set({ pool: pool.name, state: 'in-use' }, inUse);
        this.set({ pool: pool.name, state: 'recreating' }, recreating);
        this.set({ pool: pool.name, state: 'broken' }, broken);
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
  const requests = new Counter({
    name: 'warmterm_kubernetes_requests_total',
    help: 'Requests to the Kubernetes API by HTTP method and status; 0 is no answer',
    labelNames: ['verb', 'code'],
    registers,
  });
  const watchRestarts = new Counter({
    name: 'warmterm_kubernetes_watch_restarts_total',
    help: 'Watches of the Kubernetes API that broke, and were started again',
    labelNames: ['resource'],
    registers,
  });

  return {
    registry: registers[0]!,
    claimed({ pool, result, ms }: ClaimOutcome): void {
      claims.inc({ pool, result });
      if (result === 'new') claimSeconds.observe({ pool }, ms / 1_000);
    },
    requested: (verb: string, code: number): void => requests.inc({ verb, code }),
    /** `path` is the collection's, such as /api/v1/nodes. */
    watchBroke: (path: string): void => watchRestarts.inc({ resource: path.slice(path.lastIndexOf('/') + 1) }),
  };
}
