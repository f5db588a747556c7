// How far a pool may shrink: from the top, as a StatefulSet does, past unused terminals, and only after the demand was low for the
// scale-down delay. Pure.

import { type ObservedPod, podState } from '../model/observation.ts';
import type { PoolFacts } from '../model/pool-facts.ts';

/** How many terminals are retired and removed at a time, so that new demand does not wait for more. */
const atOnce = 32;

/** Remove the ordinals from `to` on, after each pod is retired. */
export type Shrink = { to: number };

/**
 * How the pool shrinks if `wanted` replicas and `readyWanted` ready terminals are enough. Undefined if it does not.
 * `neededLately`: the replicas needed within the scale-down delay. A lower `max` applies without a delay.
 */
export function planShrink(
  pool: PoolFacts,
  { wanted, readyWanted, neededLately }: { wanted: number; readyWanted: number; neededLately: number },
): Shrink | undefined {
  const floor = Math.max(wanted, Math.min(pool.settings.max, neededLately), pool.replicas - atOnce);
  // Some of the remaining pods may be starting. Do not remove ready ones in exchange for them.
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

/** Whether the pod has a session, or one that is ending. */
const isUsed = (pod: ObservedPod): boolean => podState(pod) === 'in-use' || pod.claim !== undefined;
