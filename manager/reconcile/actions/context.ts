// The arguments of the actions on a pool.

import type { Logger } from '../../../common/log.ts';
import type { EventRecorder } from '../../events/event-recorder.ts';
import type { Cluster } from '../../kubernetes/port.ts';
import type { ObservedPool } from '../../model/observation.ts';
import type { Pool } from '../../model/pool.ts';
import type { Pools } from '../../model/pools.ts';
import type { ReapReason } from '../../plan/plan.ts';
import type { PoolSnapshot } from '../../plan/snapshot.ts';
import type { ActionKind } from '../action-runner.ts';
import type { ListeningPeriod } from '../listening-period.ts';

/** What a manager did to a pool. `reason`: why a session was reaped. */
export type Done = {
  pool: string;
  action: 'scale-up' | 'scale-down' | 'replace' | 'retry' | 'reap';
  reason?: ReapReason;
};

/** Counts actions. */
export type ActionMetrics = { done(action: Done): void; failed(kind: ActionKind): void };

export type ActionContext = {
  pools: Pools;
  cluster: Cluster;
  log: Logger;
  clock: () => number;
  /** Milliseconds of a monotonic clock. */
  monotonic: () => number;
  events: EventRecorder;
  listening: ListeningPeriod;
  metrics: ActionMetrics;
};

/** A pool, with the StatefulSet and the snapshot that the action was planned from. */
export type Target = { pool: Pool; spec: ObservedPool; snapshot: PoolSnapshot };
