// Decides what a pool needs now, from a snapshot. Pure, so that its test is a table of all decisions.

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
  /** The replicas that the StatefulSet should grow to. Undefined if it has enough. */
  scaleTo: number | undefined;
  shrink: Shrink | undefined;
  /** Unused pods to retire and delete, so that new ones are created. */
  replace: ObservedPod[];
  /** Ordinals that need a Service or a route, lowest first. Includes ordinals whose pods do not exist yet. */
  expose: { services: number[]; routes: number[] };
  /** Routes that differ from the template. */
  restore: ObservedRoute[];
  /** Services and routes of ordinals that no longer exist: node ports are scarce, and each route costs controllers work. */
  withdraw: { services: ObservedService[]; routes: ObservedRoute[] };
  /** Observed pods to delete: their session is over, they have ended, their node holds them back, or their node was deleted. */
  reap: { pod: ObservedPod; reason: ReapReason }[];
  /** Observed broken pods that are due for another attempt. */
  retry: ObservedPod[];
};

// How long a node may take to remove a pod whose containers have ended. A visitor can nest folders deeper than the kubelet can remove,
// and the pod would block its ordinal forever.
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

/** Decides what to do for the pool. */
export function planPool(snapshot: PoolSnapshot): Plan {
  const { pool, waiting, counts, rollout, wanted, allowed, neededLately } = snapshot;
  if (!pool.spec) return nothing;
  // Terminals of such a pool are not handed out. Existing sessions still end.
  if (pool.spec.claimTemplates) return { ...nothing, reap: findOverdue(pool) };
  const occupied = pool.replicas - counts.ready - counts.recreating;
  const spare = spareOf(snapshot) + waiting;
  const readyWanted = Math.min(spare, Math.max(0, pool.settings.max - occupied));
  // An administrator may have scaled the pool below terminals in use. Scaling up quickly may save their pods.
  const inUse = 1 + highestInUse(pool);
  const replicas = Math.max(pool.replicas, allowed, inUse);
  const shrink = inUse > pool.replicas ? undefined : planShrink(pool, { wanted: allowed, readyWanted, neededLately });
  const ordinals = Array.from({ length: replicas }, (_, ordinal) => ordinal);
  // Keep the Service and the route while the ordinal has a pod: the session continues until the pod is deleted.
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
 * The part of a plan that every manager executes: what makes pods ready for visitors. Visitors wait at every manager and the leader
 * knows only its own, and a pool must not run dry while the Lease of a failed leader expires. Managers can do this at the same
 * time: growing compares the replica count that it was planned with, and a Service or route can be created only once. Restoring
 * routes is left to the leader: during an upgrade, managers with different templates would overwrite each other's routes.
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

/** Whether only the pod object is left: no kubelet will remove it, and no session can continue in it. */
function isOrphan(pool: PoolFacts, pod: ObservedPod): boolean {
  const node = pool.nodeState(pod);
  if (!isDeletedState(node)) return false;
  if (podState(pod) !== 'in-use' || node === 'gone') return true;
  // A visitor who has returned gives the pod up. The pool may be at its maximum and need the ordinal.
  return pod.claim !== undefined && (isSucceeded(pool, pod) || pool.isGivenUp(pod));
}

/** Whether the pod is unreachable and its visitor has another terminal. The pod is deleted when its node returns. */
const isSucceeded = (pool: PoolFacts, pod: ObservedPod): boolean => pool.isLost(pod) && pool.isSuperseded(pod);
