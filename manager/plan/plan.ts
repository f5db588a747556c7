// What a pool needs now, from how it is now: pure, so that every decision can be read off a table in its test.

import { isDeletedState } from '../model/nodes.ts';
import { type ObservedPod, type ObservedRoute, type ObservedService, podState } from '../model/observation.ts';
import type { Pool } from '../model/pool.ts';
import { type Prewarm, prewarmAt } from '../workshops/prewarm.ts';
import { growthStop, isBroken, isNeverMade, podStateAt, podsToRetry } from './broken.ts';
import { lookAtRollout, planReplacements, surge } from './rollout.ts';
import { planShrink, type Shrink } from './shrink.ts';
import { spareFor } from './sizing.ts';

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

export type PodCounts = {
  ready: number;
  inUse: number;
  recreating: number;
  broken: number;
  /** Ready, but without an address that browsers could go to. */
  unreachable: number;
  unschedulable: number;
};

/**
 * Pods by state, of the ordinals that the StatefulSet has now; `recreating` includes those that are not there yet, and
 * `broken` those that have not been there for longer than the start timeout. A pod that is unschedulable, on a node from which nothing is handed out, is nothing to count on.
 */
export function countPods(pool: Pool, now: number): PodCounts {
  let ready = 0;
  let inUse = 0;
  let broken = 0;
  let unreachable = 0;
  let unschedulable = 0;
  for (let ordinal = 0; ordinal < pool.replicas; ordinal++) {
    const pod = pool.pod(ordinal);
    const state = pod ? podStateAt(pod, pool, now) : isNeverMade(ordinal, pool, now) ? 'broken' : 'recreating';
    if (state === 'in-use') inUse++;
    else if (pod && pool.isUnschedulable(pod)) unschedulable++;
    else if (state === 'ready') ready++;
    else if (state === 'broken') broken++;
    else if (state === 'unreachable') unreachable++;
  }
  const recreating = pool.replicas - ready - inUse - broken - unreachable - unschedulable;
  return { ready, inUse, recreating, broken, unreachable, unschedulable };
}

/** How many terminals are to be ready at `now`: those that `spare` means, or those that a window asks for, if they are more. */
export function spareAt(pool: Pool, now: number, counts: PodCounts = countPods(pool, now)): number {
  return Math.max(spareBySetting(pool, now, counts), prewarmOf(pool, now, counts).seats);
}

/** How many terminals the pool's `spare` alone means at `now`. */
export function spareBySetting(pool: Pool, now: number, { inUse }: Pick<PodCounts, 'inUse'>): number {
  const { spare, max } = pool.settings;
  return spareFor(spare, { inUse, rates: pool.arrivalRates(now), refillMs: pool.starts.refillMs }, max);
}

/** What the pool's windows ask for at `now`. */
export function prewarmOf(pool: Pool, now: number, counts: PodCounts = countPods(pool, now)): Prewarm {
  return prewarmAt(pool.schedule.ahead(now), now, {
    claims: () => claimTimes(pool),
    leadMs: (seats) => pool.starts.readyWithinMs(seats),
    free: counts.ready + counts.recreating,
  });
}

/** When the terminals in use were claimed. */
export const claimTimes = (pool: Pool): number[] =>
  [...pool.pods()].flatMap((pod) => (pod.claim && podState(pod) === 'in-use' ? [pod.claim.claimedAt] : []));

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

/** Plans for the pool at the time `now` (milliseconds since 1970), for which `waiting` visitors are waiting. */
export function planPool(pool: Pool, now: number, waiting = 0): Plan {
  if (!pool.spec) return nothing;
  // Nobody is given a terminal of it; sessions that there are from before still end.
  if (pool.spec.claimTemplates) return { ...nothing, reap: findOverdue(pool, now) };
  const { max } = pool.settings;
  const rollout = lookAtRollout(pool, now);
  const counts = countPods(pool, now);
  const spare = spareAt(pool, now, counts) + waiting;
  const occupied = pool.replicas - counts.ready - counts.recreating;
  const readyWanted = Math.min(spare, Math.max(0, max - occupied));
  const wanted = wantedReplicas(pool, counts, spare + surge(rollout));
  const allowed = allowedReplicas(pool, wanted, now, waiting);
  // Somebody may have scaled the pool below terminals in use: the sooner they are put back, the sooner they may be spared.
  const inUse = 1 + highestInUse(pool);
  const replicas = Math.max(pool.replicas, allowed, inUse);
  const shrink = inUse > pool.replicas ? undefined : planShrink(pool, now, allowed, readyWanted);
  const ordinals = Array.from({ length: replicas }, (_, ordinal) => ordinal);
  // What an ordinal's pod still needs is left alone: a session goes on until the pod is gone, and so must its way there.
  const over = ({ ordinal }: { ordinal: number }) => ordinal >= replicas && !pool.pod(ordinal);
  const routes = [...pool.routes()];
  return {
    scaleTo: replicas === pool.replicas ? undefined : replicas,
    shrink,
    replace: planReplacements(pool, rollout, now, {
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
export function withoutLead(plan: Plan): Plan {
  return { ...nothing, scaleTo: plan.scaleTo, expose: plan.expose };
}

/** Has the pool remember what it needs at `now`. To be called at every look. */
export function noteDemand(pool: Pool, now: number, waiting = 0): void {
  pool.settleForcedScaleDown(now);
  pool.missing.look(pool.replicas, (ordinal) => pool.pod(ordinal) !== undefined, now);
  let lastClaimAt = 0;
  for (const { claim } of pool.pods()) lastClaimAt = Math.max(lastClaimAt, claim?.claimedAt ?? 0);
  const counts = countPods(pool, now);
  pool.sessions.look(counts.inUse, now);
  const free = spareAt(pool, now, counts) + waiting + surge(lookAtRollout(pool, now));
  const needed = allowedReplicas(pool, wantedReplicas(pool, counts, free), now, waiting);
  pool.demand.look({ replicas: pool.replicas, needed, lastClaimAt }, now);
}

/** So many replicas that ready + starting = `free`. Others in place of the unreachable would be unreachable too. */
const wantedReplicas = (pool: Pool, { ready, recreating, unreachable }: PodCounts, free: number): number =>
  pool.replicas - ready - recreating - unreachable + free;

/** As many of the wanted replicas as the settings allow; none beyond those that there are while further ones would be useless. */
function allowedReplicas(pool: Pool, wanted: number, now: number, waiting: number): number {
  const { min, max } = pool.settings;
  const allowed = Math.min(max, Math.max(min, wanted));
  return allowed > pool.replicas && growthStop(pool, now, waiting) ? pool.replicas : allowed;
}

function highestInUse(pool: Pool): number {
  let highest = -1;
  for (const pod of pool.pods()) if (podState(pod) === 'in-use') highest = Math.max(highest, pod.ordinal);
  return highest;
}

function findOverdue(pool: Pool, now: number): Plan['reap'] {
  const { maxLifetime, connectTimeout } = pool.settings;
  const overdue: Plan['reap'] = [];
  for (const pod of pool.pods()) {
    if (isOrphan(pool, pod)) overdue.push({ pod, reason: 'node-deleted' });
    else if (pod.ended && !pod.terminating && !isBroken(pod, pool, now)) overdue.push({ pod, reason: 'pod-ended' });
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
            : pool.unresponsive.has(pod.uid)
              ? 'silent'
              : isSucceeded(pool, pod)
                ? 'node-lost'
                : undefined;
    if (reason) overdue.push({ pod, reason });
  }
  return overdue;
}

/** Whether nothing is left of the pod but its object, which no kubelet takes away, and no session could go on in it. */
function isOrphan(pool: Pool, pod: ObservedPod): boolean {
  const node = pool.nodeState(pod);
  if (!isDeletedState(node)) return false;
  if (podState(pod) !== 'in-use' || node === 'gone') return true;
  if (!pod.claim) return false;
  // A visitor who has come back gives it up: the pool may be at its maximum, and its ordinal is needed. The place in the queue
  // that led to this claim may be written still.
  const waitsSince = pool.queue.since(pod.claim.visitor);
  return isSucceeded(pool, pod) || (waitsSince !== undefined && waitsSince >= pod.claim.claimedAt);
}

/** Whether the pod is out of reach, and its visitor has another by now: it is to go when its node returns. */
function isSucceeded(pool: Pool, pod: ObservedPod): boolean {
  return pool.isLost(pod) && pool.terminalOf(pod.claim!.visitor) !== pod;
}
