// How a changed template reaches the terminals of a pool: unclaimed pods of a former revision are replaced, a few at a time
// and never below the spare; a claimed one comes back as the new one when its session ends. Pure.

import { isOver, type ObservedPod, podState } from '../model/observation.ts';
import type { PoolFacts } from '../model/pool-facts.ts';

/** How long a terminal of a new template may take to be Ready before the roll-out is said to have stopped. */
export const rolloutDeadlineMs = 120_000;

export type Rollout = {
  /** Ready terminals of a former revision. */
  outdated: ObservedPod[];
  /** Former ones that are not Ready, such as those of a template that was wrong. */
  outdatedUnready: ObservedPod[];
  /** New ones that are not Ready past the deadline: as long as there are any, no ready terminal is given up. */
  stuck: ObservedPod[];
  /** Whether replacing former ones was tried, and brought back former ones. */
  inVain: boolean;
  /** How many ready terminals may be on their way from one revision to the other at a time. */
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

/** Terminals to have beyond the spare, so that there are some to give up. */
export const surge = ({ outdated, atOnce, inVain }: Rollout): number =>
  inVain ? 0 : Math.min(atOnce, outdated.length);

/** Whether ready terminals of a former revision would be replaced, were the new ones good for anything. */
export const hasStopped = ({ outdated, stuck }: Rollout): boolean => outdated.length > 0 && stuck.length > 0;

/**
 * The pods to replace now, of ordinals below `replicas`: what was retired and is still there, and what is of a former
 * revision. `ready` and `readyWanted` are counts of ready terminals; `cramped`: `max` leaves no room for more.
 */
export function planReplacements(
  pool: PoolFacts,
  rollout: Rollout,
  { replicas, ready, readyWanted, waiting, cramped }: Room,
): ObservedPod[] {
  const below = ({ ordinal }: ObservedPod) => ordinal < replicas;
  const leftOver = [...pool.pods()].filter((pod) => pod.retired && !pod.claim && !isOver(pod) && below(pod));
  // While somebody waits, a terminal that is about to be ready is better than one that is new.
  const unready = rollout.outdatedUnready.filter(
    ({ createdAt }) => waiting === 0 || pool.now >= createdAt + rolloutDeadlineMs,
  );
  const underWay = pool.replicas - [...pool.pods()].filter((pod) => below(pod) && isSettled(pod)).length;
  const toGiveUp = Math.max(0, Math.min(rollout.atOnce - underWay, ready - readyWanted));
  // With no room for a further one, one at a time goes ahead of its successor, but never the last.
  const exception = cramped && toGiveUp === 0 && underWay === 0 && waiting === 0 && ready > 1 ? 1 : 0;
  if (rollout.inVain) return leftOver;
  const count = hasStopped(rollout) ? 0 : toGiveUp + exception;
  // The next visitors get the lowest: those are left alone for longest.
  const highest = rollout.outdated.toSorted((a, b) => b.ordinal - a.ordinal).slice(0, count);
  return [...leftOver, ...unready.filter(below), ...highest.filter(below)];
}

export type Room = { replicas: number; ready: number; readyWanted: number; waiting: number; cramped: boolean };

/** In use, going after use, or ready: nothing that a roll-out waits for. */
const isSettled = (pod: ObservedPod): boolean => podState(pod) !== 'recreating' || pod.claim !== undefined;
