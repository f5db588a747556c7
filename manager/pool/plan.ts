// What a pool needs now, from how it is now: pure, so that every decision can be read off a table in its test.

import { podStateAt, podsToRetry } from './broken.ts';
import { type ObservedPod, type ObservedRoute, type ObservedService, podState } from './observation.ts';
import type { Pool } from './pool.ts';
import { spareFor } from './sizing.ts';

export type ReapReason = 'max-lifetime' | 'never-connected';

export type Plan = {
  /** The replicas that the StatefulSet should have; undefined when it has them. */
  scaleTo: number | undefined;
  /** Ordinals that want a Service, or a route, lowest first; ahead of need, so those of pods to come too. */
  expose: { services: number[]; routes: number[] };
  /** Routes that do not say what the template says. */
  restore: ObservedRoute[];
  /** What exposes ordinals that are no more: node ports are scarce, and controllers pay for each route. */
  withdraw: { services: ObservedService[]; routes: ObservedRoute[] };
  /** Pods whose session is over. */
  reap: { name: string; uid: string; reason: ReapReason }[];
  /** Broken pods that are due for another attempt, as they were seen. */
  retry: ObservedPod[];
};

export type PodCounts = { ready: number; inUse: number; recreating: number; broken: number };

/** Pods by state, of the ordinals that the StatefulSet has now; `recreating` includes those that are not there yet. */
export function countPods(pool: Pool, now: number): PodCounts {
  let ready = 0;
  let inUse = 0;
  let broken = 0;
  for (let ordinal = 0; ordinal < pool.replicas; ordinal++) {
    const pod = pool.pod(ordinal);
    const state = pod ? podStateAt(pod, pool, now) : 'recreating';
    if (state === 'ready') ready++;
    if (state === 'in-use') inUse++;
    if (state === 'broken') broken++;
  }
  return { ready, inUse, recreating: pool.replicas - ready - inUse - broken, broken };
}

/** How many terminals the pool's `spare` means at `now`. */
export function spareAt(pool: Pool, now: number, { inUse }: Pick<PodCounts, 'inUse'> = countPods(pool, now)): number {
  const { spare, max } = pool.settings;
  return spareFor(spare, { inUse, rates: pool.arrivalRates(now), refillMs: pool.starts.refillMs }, max);
}

/** How many pods could still be handed out: ready, on their way, allowed by `max`, or mended. */
export function podsToHopeFor(pool: Pool): number {
  // At no time is one in use that is not in use at another.
  const { inUse } = countPods(pool, 0);
  return Math.max(pool.settings.max, pool.replicas) - inUse;
}

const nothing: Plan = {
  scaleTo: undefined,
  expose: { services: [], routes: [] },
  restore: [],
  withdraw: { services: [], routes: [] },
  reap: [],
  retry: [],
};

/** Plans for the pool at the time `now` (milliseconds since 1970), for which `waiting` visitors are waiting. */
export function planPool(pool: Pool, now: number, waiting = 0): Plan {
  if (!pool.spec) return nothing;
  const replicas = neededReplicas(pool, now, waiting);
  const ordinals = Array.from({ length: replicas }, (_, ordinal) => ordinal);
  // What an ordinal's pod still needs is left alone: a session goes on until the pod is gone, and so must its way there.
  const over = ({ ordinal }: { ordinal: number }) => ordinal >= replicas && !pool.pod(ordinal);
  const routes = [...pool.routes()];
  return {
    scaleTo: replicas === pool.replicas ? undefined : replicas,
    expose: {
      services: ordinals.filter((ordinal) => pool.lacksService(ordinal)),
      routes: ordinals.filter((ordinal) => pool.lacksRoute(ordinal)),
    },
    restore: routes.filter((route) => !route.asTemplate && !over(route)),
    withdraw: { services: [...pool.services()].filter(over), routes: routes.filter(over) },
    reap: findOverdue(pool, now),
    retry: podsToRetry(pool, now),
  };
}

/**
 * What of a plan a manager may do that does not lead: whatever makes a pod ready for somebody. Visitors wait at every
 * manager, and the leader knows of its own only; nor may a pool run dry while a dead leader's lease expires. Several may
 * do it at once: growing compares the replicas that it was planned on, and a Service or a route can be made only once.
 * Managers of two templates, as in a rollout, would restore each other's routes for ever: that is for the leader.
 */
export function withoutLead(plan: Plan, pool: Pool): Plan {
  const grows = plan.scaleTo !== undefined && plan.scaleTo > pool.replicas;
  return { ...nothing, scaleTo: grows ? plan.scaleTo : undefined, expose: plan.expose };
}

/** So many replicas that ready + starting ≥ spare + waiting, never fewer than now, within min and max. */
function neededReplicas(pool: Pool, now: number, waiting: number): number {
  const { min, max } = pool.settings;
  const counts = countPods(pool, now);
  const shortage = Math.max(0, spareAt(pool, now, counts) + waiting - counts.ready - counts.recreating);
  return Math.max(pool.replicas, Math.min(max, Math.max(min, pool.replicas + shortage)));
}

function findOverdue(pool: Pool, now: number): Plan['reap'] {
  const { maxLifetime, connectTimeout } = pool.settings;
  const overdue: Plan['reap'] = [];
  for (const pod of pool.pods()) {
    if (podState(pod) !== 'in-use' || !pod.claim) continue;
    const { claimedAt, connectedAt } = pod.claim;
    const reason: ReapReason | undefined =
      now >= claimedAt + maxLifetime
        ? 'max-lifetime'
        : connectedAt === undefined && now >= claimedAt + connectTimeout
          ? 'never-connected'
          : undefined;
    if (reason) overdue.push({ name: pod.name, uid: pod.uid, reason });
  }
  return overdue;
}
