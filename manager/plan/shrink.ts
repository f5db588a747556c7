// How far a pool may shrink: from the top, as a StatefulSet does, past terminals that nobody uses, and not before it has
// been quiet for the delay. Pure.

import { type ObservedPod, podState } from '../model/observation.ts';
import type { PoolFacts } from '../model/pool-facts.ts';

/** How many terminals are fenced and scaled away at a time: a new demand need not wait for the rest. */
const atOnce = 32;

/** What is to be scaled away: ordinals from `to` on, of which each pod is retired before. */
export type Shrink = { to: number };

/**
 * How the pool shrinks, when `wanted` replicas and `readyWanted` ready terminals are enough; undefined when it does not.
 * `neededLately`: the replicas that the demand of the scale-down delay asks for. An administrator who lowers `max` wants it at once.
 */
export function planShrink(
  pool: PoolFacts,
  { wanted, readyWanted, neededLately }: { wanted: number; readyWanted: number; neededLately: number },
): Shrink | undefined {
  const floor = Math.max(wanted, Math.min(pool.settings.max, neededLately), pool.replicas - atOnce);
  // Of those that stay, some may be starting: it is not for them that ready ones go.
  let readyToSpare = countReady(pool) - readyWanted;
  let to = pool.replicas;
  while (to > floor) {
    const pod = pool.pod(to - 1);
    if (pod && isUsed(pod)) break;
    if (pod && pool.isReady(pod) && readyToSpare-- <= 0) break;
    to--;
  }
  return to < pool.replicas ? { to } : undefined;
}

const countReady = (pool: PoolFacts): number =>
  [...pool.pods()].filter((pod) => pod.ordinal < pool.replicas && pool.isReady(pod)).length;

/** Whether there is a session in it, or the end of one. */
const isUsed = (pod: ObservedPod): boolean => podState(pod) === 'in-use' || pod.claim !== undefined;
