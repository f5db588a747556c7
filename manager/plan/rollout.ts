// How a template change reaches the terminals of a pool: outdated unclaimed pods are replaced, a few at a time and never below the
// spare. A claimed pod is replaced when its session ends. Pure.

import { isOver, type ObservedPod, podState } from '../model/observation.ts';
import type { PoolFacts } from '../model/pool-facts.ts';

/** How long a terminal of a new template may take to be Ready before the roll-out is reported as stopped. */
export const rolloutDeadlineMs = 120_000;

export type Rollout = {
  /** Ready terminals of a former revision. */
  outdated: ObservedPod[];
  /** Terminals of a former revision that are not Ready, for instance because its template was wrong. */
  outdatedUnready: ObservedPod[];
  /** New terminals that are not Ready after the deadline. While there are any, no ready terminal is given up. */
  stuck: ObservedPod[];
  /** Whether replaced terminals came back with the former revision. */
  inVain: boolean;
  /** How many ready terminals may be in replacement at a time. */
  atOnce: number;
};

export function lookAtRollout(pool: PoolFacts): Rollout {
  const revision = pool.spec?.revision;
  const free = [...pool.pods()].filter((pod) => {
    const { ordinal, retired } = pod;
    return (
      ordinal < pool.replicas && !retired && !isOver(pod) && podState(pod) !== 'in-use' && !pool.isUnschedulable(pod)
    );
  });
  const isFormer = (pod: ObservedPod) => revision !== undefined && pod.revision !== revision;
  const former = free.filter(isFormer);
  return {
    outdated: former.filter(({ ready }) => ready),
    outdatedUnready: former.filter(({ ready }) => !ready),
    stuck: free.filter((pod) => !isFormer(pod) && !pod.ready && pool.now >= pod.createdAt + rolloutDeadlineMs),
    inVain: pool.replacedInVain,
    atOnce: Math.max(1, Math.ceil(pool.replicas / 10)),
  };
}

/** Extra terminals beyond the spare, so that ready ones can be given up. */
export const surge = ({ outdated, atOnce, inVain }: Rollout): number =>
  inVain ? 0 : Math.min(atOnce, outdated.length);

/** Whether outdated ready terminals remain because new ones do not become Ready. */
export const hasStopped = ({ outdated, stuck }: Rollout): boolean => outdated.length > 0 && stuck.length > 0;

/**
 * The pods to replace now, of ordinals below `replicas`: retired pods that still exist, and pods of a former revision. `ready` and
 * `readyWanted` are counts of ready terminals. `cramped`: the pool is at its `max`.
 */
export function planReplacements(
  pool: PoolFacts,
  rollout: Rollout,
  { replicas, ready, readyWanted, waiting, cramped }: Room,
): ObservedPod[] {
  const below = ({ ordinal }: ObservedPod) => ordinal < replicas;
  const leftOver = [...pool.pods()].filter((pod) => pod.retired && !pod.claim && !isOver(pod) && below(pod));
  // While visitors wait, an outdated terminal that is about to be ready is better than a new one.
  const unready = rollout.outdatedUnready.filter(
    ({ createdAt }) => waiting === 0 || pool.now >= createdAt + rolloutDeadlineMs,
  );
  const underWay = pool.replicas - [...pool.pods()].filter((pod) => below(pod) && isSettled(pod)).length;
  const toGiveUp = Math.max(0, Math.min(rollout.atOnce - underWay, ready - readyWanted));
  // At `max`, give up one terminal at a time before its successor exists, but never the last.
  const exception = cramped && toGiveUp === 0 && underWay === 0 && waiting === 0 && ready > 1 ? 1 : 0;
  if (rollout.inVain) return leftOver;
  const count = hasStopped(rollout) ? 0 : toGiveUp + exception;
  // The next visitors get the lowest ordinals, so replace the highest first.
  const highest = rollout.outdated.toSorted((a, b) => b.ordinal - a.ordinal).slice(0, count);
  return [...leftOver, ...unready.filter(below), ...highest.filter(below)];
}

export type Room = { replicas: number; ready: number; readyWanted: number; waiting: number; cramped: boolean };

/** Whether the pod is in use, terminating after use, or ready: the roll-out does not wait for it. */
const isSettled = (pod: ObservedPod): boolean => podState(pod) !== 'recreating' || pod.claim !== undefined;
