// What a pool needs now, from how it is now: pure, so that every decision can be read off a table in its test.

import { isDeletedState } from '../model/nodes.ts';
import { type ObservedPod, type ObservedRoute, type ObservedService, podState } from '../model/observation.ts';
import type { PoolFacts } from '../model/pool-facts.ts';
import { isBroken, podsToRetry } from './broken.ts';
import { planReplacements } from './rollout.ts';
import { planShrink, type Shrink } from './shrink.ts';
import { type PoolSnapshot, spareOf } from './snapshot.ts';

export const reapReasons = [
  'max-lifetime',
  'never-connected',
  'duplicate',
  'silent',
  'node-lost',
  'node-deleted',
  'not-removed',
  'pod-ended',
] as const;
export type ReapReason = (typeof reapReasons)[number];

export type Plan = {
  /** The replicas that the StatefulSet should grow to; undefined when it has enough. */
  scaleTo: number | undefined;
  shrink: Shrink | undefined;
  /** Pods that nobody uses, to be retired, deleted and so made anew. */
  replace: ObservedPod[];
  /** Ordinals that want a Service, or a route, lowest first; ahead of need, so those of pods to come too. */
  expose: { services: number[]; routes: number[] };
  /** Routes that do not say what the template says. */
  restore: ObservedRoute[];
  /** What exposes ordinals that are no more: node ports are scarce, and controllers pay for each route. */
  withdraw: { services: ObservedService[]; routes: ObservedRoute[] };
  /** Pods whose session is over, as they were seen; every pod of a deleted node, in use or not; those that have ended; and pods that their nodes keep. */
  reap: { pod: ObservedPod; reason: ReapReason }[];
  /** Broken pods that are due for another attempt, as they were seen. */
  retry: ObservedPod[];
};

// How long a node may take to remove a pod whose containers have ended. A visitor can nest folders deeper than the kubelet can remove:
// the pod would block its ordinal for ever.
const clearUpMs = 60_000;

const nothing: Plan = {
  scaleTo: undefined,
  shrink: undefined,
  replace: [],
  expose: { services: [], routes: [] },
  restore: [],
  withdraw: { services: [], routes: [] },
  reap: [],
  retry: [],
};

/** What to do for the pool. */
export function planPool(snapshot: PoolSnapshot): Plan {
  const { pool, waiting, counts, rollout, wanted, allowed, neededLately } = snapshot;
  if (!pool.spec) return nothing;
  // Its terminals are not handed out. Sessions that were there before still end.
  if (pool.spec.claimTemplates) return { ...nothing, reap: findOverdue(pool) };
  const occupied = pool.replicas - counts.ready - counts.recreating;
  const spare = spareOf(snapshot) + waiting;
  const readyWanted = Math.min(spare, Math.max(0, pool.settings.max - occupied));
  // Somebody may have scaled the pool below terminals in use: the sooner they are put back, the sooner they may be spared.
  const inUse = 1 + highestInUse(pool);
  const replicas = Math.max(pool.replicas, allowed, inUse);
  const shrink = inUse > pool.replicas ? undefined : planShrink(pool, { wanted: allowed, readyWanted, neededLately });
  const ordinals = Array.from({ length: replicas }, (_, ordinal) => ordinal);
  // What an ordinal's pod still needs is left alone: a session goes on until the pod is gone, and so must its way there.
  const over = ({ ordinal }: { ordinal: number }) => ordinal >= replicas && !pool.pod(ordinal);
  const routes = [...pool.routes()];
  return {
    scaleTo: replicas === pool.replicas ? undefined : replicas,
    shrink,
    replace: planReplacements(pool, rollout, {
      replicas: shrink?.to ?? pool.replicas,
      ready: counts.ready,
      readyWanted,
      waiting,
      cramped: wanted > allowed,
    }),
    expose: {
      services: ordinals.filter((ordinal) => pool.lacksService(ordinal)),
      routes: ordinals.filter((ordinal) => pool.lacksRoute(ordinal)),
    },
    restore: routes.filter((route) => !route.asTemplate && !over(route)),
    withdraw: { services: [...pool.services()].filter(over), routes: routes.filter(over) },
    reap: findOverdue(pool),
    retry: podsToRetry(pool),
  };
}

/**
 * What of a plan a manager may do that does not lead: whatever makes a pod ready for somebody. Visitors wait at every
 * manager, and the leader knows of its own only; nor may a pool run dry while a dead leader's lease expires. Several may
 * do it at once: growing compares the replicas that it was planned on, and a Service or a route can be made only once.
 * Managers of two templates, as in a rollout, would restore each other's routes for ever: that is for the leader.
 */
export function withoutLead(plan: Plan): Plan {
  return { ...nothing, scaleTo: plan.scaleTo, expose: plan.expose };
}

function highestInUse(pool: PoolFacts): number {
  let highest = -1;
  for (const pod of pool.pods()) if (podState(pod) === 'in-use') highest = Math.max(highest, pod.ordinal);
  return highest;
}

function findOverdue(pool: PoolFacts): Plan['reap'] {
  const { now } = pool;
  const { maxLifetime, connectTimeout } = pool.settings;
  const overdue: Plan['reap'] = [];
  for (const pod of pool.pods()) {
    if (isOrphan(pool, pod)) overdue.push({ pod, reason: 'node-deleted' });
    else if (pod.ended && !pod.terminating && !isBroken(pod, pool)) overdue.push({ pod, reason: 'pod-ended' });
    else if (pod.heldSince !== undefined && now >= pod.heldSince + clearUpMs)
      overdue.push({ pod, reason: 'not-removed' });
    if (podState(pod) !== 'in-use' || !pod.claim || isDeletedState(pool.nodeState(pod))) continue;
    const { claimedAt, connectedAt } = pod.claim;
    const reason: ReapReason | undefined =
      now >= claimedAt + maxLifetime
        ? 'max-lifetime'
        : connectedAt === undefined && now >= claimedAt + connectTimeout
          ? 'never-connected'
          : pool.isDuplicate(pod)
            ? 'duplicate'
            : pool.isUnresponsive(pod)
              ? 'silent'
              : isSucceeded(pool, pod)
                ? 'node-lost'
                : undefined;
    if (reason) overdue.push({ pod, reason });
  }
  return overdue;
}

/** Whether only the object of the pod is left, which no kubelet removes, and no session can go on in it. */
function isOrphan(pool: PoolFacts, pod: ObservedPod): boolean {
  const node = pool.nodeState(pod);
  if (!isDeletedState(node)) return false;
  if (podState(pod) !== 'in-use' || node === 'gone') return true;
  // A visitor who has come back gives the pod up: the pool may be at its maximum, and need the ordinal.
  return pod.claim !== undefined && (isSucceeded(pool, pod) || pool.isGivenUp(pod));
}

/** Whether the pod is out of reach, and its visitor has another terminal. The pod is deleted when its node returns. */
const isSucceeded = (pool: PoolFacts, pod: ObservedPod): boolean => pool.isLost(pod) && pool.isSuperseded(pod);
