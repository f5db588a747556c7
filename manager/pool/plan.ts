// What a pool needs now, from how it is now: pure, so that every decision can be read off a table in its test.

import { podState } from './observation.ts';
import type { Pool } from './pool.ts';

export type ReapReason = 'max-lifetime' | 'never-connected';

export type Plan = {
  /** The replicas that the StatefulSet should have; undefined when it has them. */
  scaleTo: number | undefined;
  /** Ordinals that want a Service, lowest first; ahead of need, so those of pods to come too. */
  expose: number[];
  /** Pods whose session is over. */
  reap: { name: string; uid: string; reason: ReapReason }[];
};

/** Pods by state, of the ordinals that the StatefulSet has now; `recreating` includes those that are not there yet. */
export function countPods(pool: Pool): { ready: number; inUse: number; recreating: number } {
  let ready = 0;
  let inUse = 0;
  for (let ordinal = 0; ordinal < pool.replicas; ordinal++) {
    const pod = pool.pod(ordinal);
    const state = pod ? podState(pod) : 'recreating';
    if (state === 'ready') ready++;
    if (state === 'in-use') inUse++;
  }
  return { ready, inUse, recreating: pool.replicas - ready - inUse };
}

/** How many pods could still be handed out: ready, on their way, or allowed by `max`. */
export function podsToHopeFor(pool: Pool): number {
  const { ready, recreating } = countPods(pool);
  return ready + recreating + Math.max(0, pool.settings.max - pool.replicas);
}

/** Plans for the pool at the time `now` (milliseconds since 1970), for which `waiting` visitors are waiting. */
export function planPool(pool: Pool, now: number, waiting = 0): Plan {
  if (!pool.spec) return { scaleTo: undefined, expose: [], reap: [] };
  const replicas = neededReplicas(pool, waiting);
  const expose: number[] = [];
  for (let ordinal = 0; ordinal < replicas; ordinal++) {
    if (pool.nodePort(ordinal) === undefined) expose.push(ordinal);
  }
  return { scaleTo: replicas === pool.replicas ? undefined : replicas, expose, reap: findOverdue(pool, now) };
}

/**
 * What of a plan a manager may do that does not lead: whatever makes a pod ready for somebody. Visitors wait at every
 * manager, and the leader knows of its own only; nor may a pool run dry while a dead leader's lease expires. Several may
 * do it at once: growing compares the replicas that it was planned on, and a Service can be made only once.
 */
export function withoutLead(plan: Plan, pool: Pool): Plan {
  const grows = plan.scaleTo !== undefined && plan.scaleTo > pool.replicas;
  return { scaleTo: grows ? plan.scaleTo : undefined, expose: plan.expose, reap: [] };
}

/** So many replicas that ready + starting ≥ spare + waiting, never fewer than now, within min and max. */
function neededReplicas(pool: Pool, waiting: number): number {
  const { spare, min, max } = pool.settings;
  const { ready, recreating } = countPods(pool);
  const shortage = Math.max(0, spare + waiting - ready - recreating);
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
