// One evaluation of a pool: its facts, and the numbers derived from them. Plans, explanations, notices, metrics and API answers read
// only a snapshot. `takeSnapshot` changes nothing; `evaluatePool` also updates the pool's estimators once.

import { podState } from '../model/observation.ts';
import type { Pool } from '../model/pool.ts';
import { PoolFacts } from '../model/pool-facts.ts';
import { type Prewarm, prewarmAt } from '../workshops/prewarm.ts';
import { growthStop, isNeverMade, podStateAt } from './broken.ts';
import { lookAtRollout, type Rollout, surge } from './rollout.ts';
import { spareFor } from './sizing.ts';

export type PoolSnapshot = {
  readonly pool: PoolFacts;
  /** Visitors in the queue. */
  readonly waiting: number;
  readonly counts: Readonly<PodCounts>;
  /** The ready terminals that the setting `spare` asks for. */
  readonly spare: number;
  /** The seats of the prewarm windows. */
  readonly prewarm: Prewarm;
  readonly rollout: Rollout;
  /** The replicas that the pool wants, and how many of them it may have. */
  readonly wanted: number;
  readonly allowed: number;
  /** The replicas needed within the scale-down delay. */
  readonly neededLately: number;
  /** The replicas beyond that which an administrator requested, and since when. */
  readonly requested: { readonly replicas: number; readonly since: number } | undefined;
};

/** The pool at `now`, milliseconds since 1970, while `waiting` visitors are in its queue. */
export function takeSnapshot(pool: Pool, now: number, waiting = 0): PoolSnapshot {
  return withDemand(calculate(pool, now, waiting), pool);
}

/** Updates the pool's estimators, and takes the snapshot for this evaluation's plan. */
export function evaluatePool(pool: Pool, now: number, waiting = 0): PoolSnapshot {
  pool.update(now);
  const current = calculate(pool, now, waiting);
  let lastClaimAt = 0;
  for (const { claim } of pool.pods()) lastClaimAt = Math.max(lastClaimAt, claim?.claimedAt ?? 0);
  const sample = { replicas: pool.replicas, needed: current.allowed, lastClaimAt };
  pool.demand.update(sample, now, pool.settings.scaleDownDelay);
  return withDemand(current, pool);
}

/** How many terminals should be ready: the number by `spare` or by a window, whichever is higher. */
export const spareOf = ({ spare, prewarm }: Pick<PoolSnapshot, 'spare' | 'prewarm'>): number =>
  Math.max(spare, prewarm.seats);

type Calculated = Omit<PoolSnapshot, 'neededLately' | 'requested'>;

function calculate(pool: Pool, now: number, waiting: number): Calculated {
  const facts = new PoolFacts(pool, now);
  const counts = countPods(facts);
  const spare = spareBySetting(facts, counts);
  const prewarm = prewarmOf(facts, counts);
  const rollout = lookAtRollout(facts);
  const wanted = wantedReplicas(facts, counts, spareOf({ spare, prewarm }) + waiting + surge(rollout));
  const allowed = allowedReplicas(facts, wanted, waiting);
  return { pool: facts, waiting, counts, spare, prewarm, rollout, wanted, allowed };
}

function withDemand(calculated: Calculated, { demand, settings }: Pool): PoolSnapshot {
  const { now } = calculated.pool;
  const { scaleDownDelay } = settings;
  const neededLately = demand.floor(now, scaleDownDelay);
  return Object.freeze({ ...calculated, neededLately, requested: demand.wish(now, scaleDownDelay) });
}

export type PodCounts = {
  ready: number;
  inUse: number;
  recreating: number;
  broken: number;
  /** Ready, but without an address for browsers. */
  unreachable: number;
  unschedulable: number;
};

/**
 * Pods by state, of the ordinals below the replicas. `recreating` includes pods that do not exist yet, `broken` those that have been
 * missing for longer than the start timeout. Unschedulable pods, on nodes from which no pod is handed out, are counted apart.
 */
export function countPods(pool: PoolFacts): PodCounts {
  let ready = 0;
  let inUse = 0;
  let broken = 0;
  let unreachable = 0;
  let unschedulable = 0;
  for (let ordinal = 0; ordinal < pool.replicas; ordinal++) {
    const pod = pool.pod(ordinal);
    const state = pod ? podStateAt(pod, pool) : isNeverMade(ordinal, pool) ? 'broken' : 'recreating';
    if (state === 'in-use') inUse++;
    else if (pod && pool.isUnschedulable(pod)) unschedulable++;
    else if (state === 'ready') ready++;
    else if (state === 'broken') broken++;
    else if (state === 'unreachable') unreachable++;
  }
  const recreating = pool.replicas - ready - inUse - broken - unreachable - unschedulable;
  return { ready, inUse, recreating, broken, unreachable, unschedulable };
}

/** The number of terminals that the pool's `spare` means, without windows. */
export function spareBySetting(pool: PoolFacts, { inUse }: Pick<PodCounts, 'inUse'>): number {
  const { spare, max } = pool.settings;
  return spareFor(spare, { inUse, rates: pool.arrivalRates, refillMs: pool.starts.refillMs }, max);
}

/** The seats of the pool's windows. */
export function prewarmOf(pool: PoolFacts, counts: PodCounts): Prewarm {
  return prewarmAt(pool.schedule.ahead(pool.now), pool.now, {
    claims: () => claimTimes(pool),
    leadMs: (seats) => pool.starts.readyWithinMs(seats),
    free: counts.ready + counts.recreating,
  });
}

/** When the terminals in use were claimed. */
export const claimTimes = (pool: PoolFacts): number[] =>
  [...pool.pods()].flatMap((pod) => (pod.claim && podState(pod) === 'in-use' ? [pod.claim.claimedAt] : []));

/** The replicas for ready + starting = `free`. Unreachable pods are not replaced, because others would be unreachable too. */
const wantedReplicas = (pool: PoolFacts, { ready, recreating, unreachable }: PodCounts, free: number): number =>
  pool.replicas - ready - recreating - unreachable + free;

/** The wanted replicas within the settings. Not above the current replicas while further pods would be useless. */
function allowedReplicas(pool: PoolFacts, wanted: number, waiting: number): number {
  const { min, max } = pool.settings;
  const allowed = Math.min(max, Math.max(min, wanted));
  return allowed > pool.replicas && growthStop(pool, waiting) ? pool.replicas : allowed;
}
