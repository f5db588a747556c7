// A manager on a model cluster: the parts that main.ts wires, without HTTP and without real time.

import { setMaxListeners } from 'node:events';
import { pino } from 'pino';
import { leaseOf } from '../../common/names.ts';
import { Claims, type TerminalRequest } from '../../manager/claims/claims.ts';
import type { ClaimResult, ClaimsOptions } from '../../manager/claims/types.ts';
import { Terminals } from '../../manager/health/terminals.ts';
import { Watchdog, type WatchdogOptions } from '../../manager/health/watchdog.ts';
import type { Cluster } from '../../manager/kubernetes/port.ts';
import { Elector } from '../../manager/leader/elector.ts';
import { createCounters } from '../../manager/metrics/counters.ts';
import { registerPoolMetrics } from '../../manager/metrics/pools.ts';
import type { ExposureMode } from '../../manager/model/observation.ts';
import { Pools } from '../../manager/model/pools.ts';
import { wholeShare } from '../../manager/model/share.ts';
import { Peers } from '../../manager/peers/peers.ts';
import { Controller } from '../../manager/reconcile/controller.ts';
import { CapacityMonitor } from '../../manager/workshops/capacity-monitor.ts';
import type { FakeTime } from './fake-time.ts';
import { type ModelCluster, nextTurn } from './model-cluster.ts';

export const silent = pino({ level: 'silent' });

/** The signal of a client that never disconnects. Concurrent tests of a file share it, so it has many listeners. */
export const never = new AbortController().signal;
setMaxListeners(0, never);

/** A request of the visitor to the only pool, by a client that never disconnects. */
export const requestBy = (visitor: string, options: Partial<TerminalRequest> = {}): TerminalRequest => ({
  visitor,
  pool: undefined,
  origin: {},
  position: undefined,
  clientGone: never,
  ...options,
});

/** With `time`, the manager takes part in the election and knows its peers. Without, it is the leader and has no peers. */
export type ManagerOptions = {
  timeoutMs?: number;
  clock?: () => number;
  time?: FakeTime;
  exposure?: ExposureMode;
  /** The clock for nodes and slow evaluations, by default `clock`; and the pause after an evaluation. */
  monotonic?: () => number;
  rest?: (ms: number) => Promise<void>;
  /** Wraps the port of the manager. */
  through?: (port: Cluster) => Cluster;
  /** The result of a probe. */
  probe?: WatchdogOptions['probe'];
  /** Signs tickets. By default tickets are invalid strings. */
  signer?: ClaimsOptions['signer'];
};

let managers = 0;

const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));

/** Starts a manager on `model`. `stop` kills it, and its state is lost. */
export function startManager(model: ModelCluster, options: ManagerOptions = {}) {
  const { timeoutMs = 10_000, clock = () => 0, time, exposure, probe = async () => 'healthy' } = options;
  const { signer = { sign: async () => 'unsigned' } } = options;
  const { monotonic = clock, rest = () => nextTurn(), through = (port) => port } = options;
  const port = model.connect();
  const cluster = through(port);
  const pools = new Pools(exposure);
  let ids = 0;
  const metrics = createCounters();
  const claims = new Claims({
    pools,
    cluster,
    log: silent,
    clock,
    monotonic: clock,
    // Pauses between attempts end at once. Pauses that only an event can end never time out.
    delay: (ms) => (ms > 1_000 ? new Promise(() => {}) : nextTurn()),
    random: () => (ids % 7) / 7,
    share: () => peers?.share() ?? wholeShare,
    newId: () => `id-${ids++}-${Math.random()}`,
    signer,
    timeoutMs,
    onClaim: (outcome) => metrics.claimed(outcome),
  });
  /** Claims a terminal as the page does: repeats the request whenever the answer is a position. */
  const claim = async (visitor: string, options: Partial<TerminalRequest> = {}): Promise<ClaimResult> => {
    const answer = await claims.claim(requestBy(visitor, options));
    return answer.status === 'waiting' ? claim(visitor, { ...options, position: answer.position }) : answer;
  };
  const restart = async (visitor: string, options: Partial<TerminalRequest> = {}): Promise<ClaimResult> => {
    const answer = await claims.restart(requestBy(visitor, options));
    return answer.status === 'waiting' ? claim(visitor, { ...options, position: answer.position }) : answer;
  };
  const terminals = new Terminals({ pools, cluster, clock, log: silent });
  const identity = `manager-${managers++}`;
  const elector = time && new Elector({ cluster, lease: leaseOf(), identity, log: silent, clock, ...time.clock() });
  const isLeader = () => elector?.isLeader() ?? true;
  const peers =
    time && new Peers({ cluster, lease: leaseOf(), identity, log: silent, clock, isLeader, delay: time.clock().delay });
  registerPoolMetrics({ counters: metrics, pools, waiting: (pool) => claims.waiting(pool), isLeader, clock });
  pools.subscribe((pool) => claims.serve(pool));
  const controller = new Controller({
    pools,
    cluster,
    log: silent,
    clock,
    monotonic,
    random: () => 0.5,
    // The controller evaluates a pool only when it changes.
    delay: (ms, signal) => (signal ? untilAborted(signal) : rest(ms)),
    isLeader,
    answeredForMs: () => elector?.answeredForMs() ?? Number.POSITIVE_INFINITY,
    waiting: (pool) => claims.waiting(pool),
    heardAt: (uid) => terminals.heardAt(uid),
    watchdog: new Watchdog({
      heardAt: (uid) => terminals.heardAt(uid),
      probe,
      clock,
      log: silent,
    }),
    metrics,
  });
  // The test starts each evaluation.
  const capacityMonitor = new CapacityMonitor({
    pools,
    cluster,
    exposure: exposure ?? 'nodePort',
    log: silent,
    clock,
    delay: (_ms, signal) => untilAborted(signal!),
  });
  const abort = new AbortController();
  setMaxListeners(0, abort.signal);
  const ended = Promise.all([controller.run(abort.signal), elector?.run(abort.signal), peers?.run(abort.signal)]);
  const stop = async () => {
    port.cut();
    abort.abort();
    model.disconnect(port);
    await ended;
  };
  return { port, pools, claims, claim, restart, terminals, controller, isLeader, metrics, capacityMonitor, stop };
}

export type TestManager = ReturnType<typeof startManager>;

/** Delivers events and reconciles until nothing changes: pods are ready, Services exist, replicas are right. */
export async function settle(model: ModelCluster, ...managers: TestManager[]): Promise<void> {
  for (let quiet = 0; quiet < 3; ) {
    const before = JSON.stringify([...model.everything()]);
    model.settle();
    for (const { port } of managers) port.deliver();
    for (let turn = 0; turn < 6; turn++) await nextTurn();
    quiet = JSON.stringify([...model.everything()]) === before ? quiet + 1 : 0;
  }
}
