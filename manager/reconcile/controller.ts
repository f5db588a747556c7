// The control loop: it observes the cluster, plans what each pool needs, and runs the actions. It is level-triggered: an action
// that failed or had no effect is planned again at the next evaluation. Every manager creates terminals and makes them
// reachable. Only the leader ends sessions, scales down and records notices.

import type { Logger } from '../../common/log.ts';
import { EventRecorder } from '../events/event-recorder.ts';
import type { Watchdog } from '../health/watchdog.ts';
import type { Cluster } from '../kubernetes/port.ts';
import type { Observation, ObservedPool } from '../model/observation.ts';
import type { Pool } from '../model/pool.ts';
import type { Pools } from '../model/pools.ts';
import { planPool, withoutLead } from '../plan/plan.ts';
import { evaluatePool } from '../plan/snapshot.ts';
import { ActionRunner } from './action-runner.ts';
import type { ActionContext, ActionMetrics } from './actions/context.ts';
import { expose } from './actions/expose.ts';
import { reap } from './actions/reap.ts';
import { replace } from './actions/replace.ts';
import { restoreRoutes } from './actions/restore-routes.ts';
import { retryBroken } from './actions/retry-broken.ts';
import { scaleDown } from './actions/scale-down.ts';
import { scaleUp } from './actions/scale-up.ts';
import { withdraw } from './actions/withdraw.ts';
import { CreateFailures } from './create-failures.ts';
import { ListeningPeriod } from './listening-period.ts';
import { createThrottle } from './throttle.ts';
import { UnknownNodes } from './unknown-nodes.ts';

export type ControllerOptions = {
  pools: Pools;
  cluster: Cluster;
  log: Logger;
  clock: () => number;
  /** Milliseconds of a monotonic clock. */
  monotonic: () => number;
  /** From 0 to 1. */
  random: () => number;
  /** Resolves after `ms`, rejects when `signal` is aborted. */
  delay: (ms: number, signal?: AbortSignal) => Promise<void>;
  isLeader: () => boolean;
  /** For how long the API server has answered this manager. */
  answeredForMs: () => number;
  /** How many visitors wait for a terminal of the pool. */
  waiting: (pool: Pool) => number;
  /** When a terminal last reported to this manager. It reports only once a visitor has connected. */
  heardAt: (uid: string) => number | undefined;
  watchdog: Pick<Watchdog, 'check'>;
  metrics: ActionMetrics;
};

const evaluateEveryMs = 1_000;
/** In this order: actions that make pods ready run before actions that remove pods. */
const actions = [scaleUp, scaleDown, replace, expose, restoreRoutes, withdraw, reap, retryBroken];

export class Controller {
  readonly #options: ControllerOptions;
  /** Pools that have changed since their last evaluation. */
  readonly #changed = new Set<Pool>();
  readonly #requestEvaluation: () => void;
  readonly #runner: ActionRunner;
  readonly #events: EventRecorder;
  readonly #unknownNodes: UnknownNodes;
  readonly #createFailures: CreateFailures;
  readonly #listening: ListeningPeriod;
  readonly #context: ActionContext;

  constructor(options: ControllerOptions) {
    this.#options = options;
    const { cluster, log, clock, metrics } = options;
    this.#requestEvaluation = createThrottle({ ...options, work: () => this.#evaluateChanged() });
    this.#runner = new ActionRunner({ ...options, onFailure: (kind) => metrics.failed(kind) });
    this.#events = new EventRecorder({ cluster, log, clock, runAction: (action) => this.#runner.run(action) });
    this.#unknownNodes = new UnknownNodes(options);
    this.#createFailures = new CreateFailures(options);
    this.#listening = new ListeningPeriod(options);
    this.#context = { ...options, events: this.#events, listening: this.#listening };
  }

  async run(signal: AbortSignal): Promise<void> {
    const { cluster, pools, log, clock, monotonic } = this.#options;
    const sink = {
      observe: (observation: Observation) => void pools.observe(observation, clock(), monotonic()),
      synced: () => {
        log.info({ pools: [...pools.all()].map(({ name }) => name) }, 'synced with the cluster');
        pools.markSynced();
      },
    };
    const unsubscribe = pools.subscribe((pool) => {
      this.#changed.add(pool);
      this.#requestEvaluation();
    });
    try {
      await Promise.all([cluster.watch(sink, signal), this.#tick(signal)]);
    } finally {
      unsubscribe();
    }
  }

  /** Evaluates every pool periodically, because plans depend on the time. */
  async #tick(signal: AbortSignal): Promise<void> {
    const { pools, clock, delay } = this.#options;
    for (;;) {
      await delay(evaluateEveryMs, signal).catch(() => {});
      if (signal.aborted) return;
      for (const pool of [...pools.all(), ...pools.away(clock())]) pool.changed();
      this.#runner.forgetOldFailures();
      this.#events.flush();
    }
  }

  #evaluateChanged(): void {
    const { pools, monotonic } = this.#options;
    pools.updateNodes(monotonic());
    const changed = [...this.#changed];
    this.#changed.clear();
    for (const pool of changed) if (pool.spec) this.#evaluate(pool, pool.spec);
  }

  #evaluate(pool: Pool, spec: ObservedPool): void {
    const { clock, isLeader, waiting, watchdog } = this.#options;
    const leads = isLeader();
    this.#listening.update(leads);
    if (leads) watchdog.check(pool);
    this.#unknownNodes.check(pool);
    const snapshot = evaluatePool(pool, clock(), waiting(pool));
    if (leads) this.#events.check(snapshot);
    this.#createFailures.check(pool);
    const everything = planPool(snapshot);
    const plan = leads ? everything : withoutLead(everything);
    for (const action of actions) {
      for (const each of action(this.#context, { pool, spec, snapshot }, plan)) this.#runner.run(each);
    }
  }
}
