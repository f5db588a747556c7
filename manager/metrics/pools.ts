// Metrics of the pools. Gauges are read from the model at each scrape, and every manager reports the same values. Refill times are
// measured from observations.

import { Gauge, Histogram } from 'prom-client';
import { Refills } from '../model/estimators/refills.ts';
import type { Pool } from '../model/pool.ts';
import type { Pools } from '../model/pools.ts';
import { type PoolSnapshot, spareOf, takeSnapshot } from '../plan/snapshot.ts';
import type { Counters } from './counters.ts';

export type PoolMetricsOptions = {
  counters: Pick<Counters, 'registry' | 'startPool'>;
  pools: Pools;
  waiting: (pool: Pool) => number;
  isLeader: () => boolean;
  clock: () => number;
};

/** Adds the metrics of `pools` to the registry of `counters`. */
export function registerPoolMetrics({ counters, pools, waiting, isLeader, clock }: PoolMetricsOptions): void {
  const registers = [counters.registry];
  // prom-client collects all gauges in one turn: the same snapshots serve them all, and their values belong together.
  let taken: PoolSnapshot[] | undefined;
  const snapshots = () => {
    if (!taken) {
      taken = [...pools.all()].map((pool) => takeSnapshot(pool, clock(), waiting(pool)));
      queueMicrotask(() => {
        taken = undefined;
      });
    }
    return taken;
  };
  const perPool = (name: string, help: string, read: (snapshot: PoolSnapshot) => number) =>
    new Gauge({
      name: `warmterm_pool_${name}`,
      help,
      labelNames: ['pool'],
      registers,
      collect() {
        // Remove the series of deleted pools.
        this.reset();
        for (const snapshot of snapshots()) this.set({ pool: snapshot.pool.name }, read(snapshot));
      },
    });
  perPool('waiting', 'Visitors in the queue, at all managers', (snapshot) => snapshot.waiting);
  perPool('spare', 'Terminals that the pool keeps ready', spareOf);
  perPool('min', 'Replicas that the pool never goes below', ({ pool }) => pool.settings.min);
  perPool('max', 'Replicas that the pool never goes above', ({ pool }) => pool.settings.max);
  perPool('replicas', 'Replicas of the StatefulSet', ({ pool }) => pool.replicas);
  perPool('wrong_settings', 'Invalid annotations; the last valid values apply', ({ pool }) => {
    return pool.problems.length;
  });
  new Gauge({
    name: 'warmterm_pool_terminals',
    help: 'Terminals by state: ready, in-use, recreating, broken, or unreachable because they have no address',
    labelNames: ['pool', 'state'],
    registers,
    collect() {
      this.reset();
      for (const { pool, counts } of snapshots()) {
        const { ready, inUse, recreating, broken, unreachable } = counts;
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
  measureRefills({ counters, pools, clock });
}

function measureRefills({ counters, pools, clock }: Pick<PoolMetricsOptions, 'counters' | 'pools' | 'clock'>): void {
  const seconds = new Histogram({
    name: 'warmterm_refill_duration_seconds',
    help: 'Time from the claim, or the end of a session, that made a terminal necessary until that terminal is Ready',
    labelNames: ['pool'],
    buckets: [0.25, 0.5, 1, 2, 4, 6, 8, 10, 15, 20, 30, 60, 120, 300],
    registers: [counters.registry],
  });
  const refills = new Map<string, Refills>();
  pools.subscribeToObservations(({ kind, object }) => {
    if (!object || (kind !== 'pool' && kind !== 'pod')) return;
    const name = kind === 'pool' ? object.name : object.pool;
    let known = refills.get(name);
    if (!known) {
      known = new Refills();
      refills.set(name, known);
      counters.startPool(name);
    }
    if (kind === 'pool') {
      known.resize(object.replicas, clock());
      return;
    }
    const ms = known.observe(object, clock());
    if (ms !== undefined) seconds.observe({ pool: name }, ms / 1_000);
  });
}
