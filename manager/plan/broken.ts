// Pods that should be ready and are not. After the pool's start timeout they are broken: a broken pod does not count as starting, and
// is retried with growing pauses. If further pods would fail as well, the pool stops growing. Pure.

import { type ObservedPod, type PodState, podState } from '../model/observation.ts';
import type { PoolFacts } from '../model/pool-facts.ts';

// With a start timeout of five minutes the longest pause is 2.7 hours. A failure that lasts longer needs an administrator.
const longestPause = 32;

// If Kubernetes gives no reason, wait this much longer before reporting a broken pod: it may only be slow, and the reason may
// follow.
const reasonPatienceMs = 60_000;

/**
 * The state of a pod. A claimed pod stays its visitor's in any condition. A pod that does not terminate is as broken as one that does
 * not start. A Ready pod without an address is being exposed, until that takes too long or is refused: then it is unreachable.
 * If only its name is taken, it is broken instead, so that another ordinal replaces it. A pod that has ended is deleted at once,
 * and is broken only if pods of its ordinal keep ending before they are Ready; deleting those at once would cause a tight loop.
 */
export function podStateAt(pod: ObservedPod, pool: PoolFacts): PodState | 'broken' | 'unreachable' {
  const state = podState(pod);
  if (pod.ended && !pod.terminating) return !pod.claim && failuresOf(pod, pool) > 0 ? 'broken' : state;
  const isOverdue = pool.now - unreadySince(pod) >= pool.settings.startTimeout;
  if (state === 'recreating') return isOverdue ? 'broken' : state;
  if (state === 'in-use' || pool.address(pod) !== undefined) return state;
  const failure = pool.exposureFailures.of(pod.ordinal);
  if (failure?.nameTaken) return 'broken';
  return failure || isOverdue ? 'unreachable' : 'recreating';
}

export const isBroken = (pod: ObservedPod, pool: PoolFacts) => podStateAt(pod, pool) === 'broken';

/** Broken pods to delete, so that new ones are created: after the start timeout first, then after 2, 4, ... times the timeout. */
export function podsToRetry(pool: PoolFacts): ObservedPod[] {
  const { startTimeout } = pool.settings;
  return [...pool.pods()].filter((pod) => {
    // The first pod that ended was retried without a pause.
    const attempts = failuresOf(pod, pool) - (pod.ended ? 1 : 0);
    const patience = startTimeout * Math.min(longestPause, 2 ** attempts);
    // A new pod would get the same Service, so an unreachable one is not retried.
    return !pod.ready && !pod.terminating && isBroken(pod, pool) && pool.now - unreadySince(pod) >= patience;
  });
}

/** Whether the ordinal has been without a pod for longer than the start timeout. */
export const isNeverMade = (ordinal: number, pool: PoolFacts): boolean =>
  pool.missing.isMissing(ordinal, pool.now, pool.settings.startTimeout);

/** What keeps the pool's pods from becoming Ready, in a sentence for each reason; undefined while none is broken. */
export const describeBroken = (pool: PoolFacts): string | undefined => describe(pool, 0);

/** The same for a message that is written once: leaves a pod without a reason out for a minute. */
export const describeBrokenOnce = (pool: PoolFacts): string | undefined => describe(pool, reasonPatienceMs);

function describe(pool: PoolFacts, patienceMs: number): string | undefined {
  const names = new Map<string, string[]>();
  const add = (name: string, why: string) => names.set(why, [...(names.get(why) ?? []), name]);
  const { startTimeout } = pool.settings;
  for (const pod of pool.pods()) {
    if (pod.ready || !isBroken(pod, pool)) continue;
    const isLate = pool.now - unreadySince(pod) >= startTimeout + patienceMs;
    if (isLate || saysWhy(pod)) add(pod.name, reasonOf(pod));
  }
  const patience = refusalOf(pool) === undefined ? patienceMs : 0;
  for (const ordinal of pool.missing.missing(pool.now, startTimeout + patience))
    add(`${pool.spec?.statefulSet}-${ordinal}`, reasonOfMissing(pool));
  if (names.size === 0) return undefined;
  return [...names].map(([why, pods]) => `${listed(pods)} not Ready: ${why}`).join('; ');
}

/** Why a pod is not Ready, according to Kubernetes. */
export function reasonOf({ trouble, terminating }: ObservedPod): string {
  if (terminating) return 'Terminating: its deletion is overdue';
  if (!trouble) return 'Kubernetes does not say why';
  return trouble.message === '' ? trouble.reason : `${trouble.reason}: ${trouble.message}`;
}

/** Why a pod is broken or unreachable. */
export function reasonOfState(pod: ObservedPod, pool: PoolFacts): string {
  if (!pod.ready || pod.terminating) return reasonOf(pod);
  const failure = pool.exposureFailures.of(pod.ordinal);
  if (failure) return `Unreachable: no ${failure.kind} can be made: ${failure.message}`;
  return 'Unreachable: the address of its Service, its route or its node is not known';
}

/** Why ordinals have no pod, according to the StatefulSet controller. */
export function reasonOfMissing(pool: PoolFacts): string {
  const refusal = refusalOf(pool);
  return refusal === undefined ? 'it was not created, and Kubernetes does not say why' : `FailedCreate: ${refusal}`;
}

const refusalOf = (pool: PoolFacts): string | undefined => pool.missing.refusal(pool.spec?.uid);

const saysWhy = ({ trouble, terminating }: ObservedPod): boolean =>
  terminating || (trouble !== undefined && !waitingReasons.has(trouble.reason));

/** Why the pool stops growing: its pods cannot be created, cannot be reached, or do not start. */
export type GrowthStop = 'not-created' | 'not-exposed' | 'broken-template';

// One broken node or volume affects one or two pods.
const severalFailed = 3;

/**
 * Why further replicas would be useless; undefined if they may help. Derived from the pods, so it survives a restart. A template is
 * broken once several of its pods have failed and none is Ready or in use. While the queue is empty, it is enough that the
 * failed pods are newer than all pods that started.
 */
export function growthStop(pool: PoolFacts, waiting: number): GrowthStop | undefined {
  if (pool.missing.missing(pool.now, pool.settings.startTimeout).length > 0) return 'not-created';
  if (pool.exposureFailures.lasting(pool.replicas).some(({ nameTaken }) => !nameTaken)) return 'not-exposed';
  const failed = failedOfTemplate(pool);
  if (failed.length < severalFailed) return undefined;
  const started = newestStart([...pool.pods()].filter(isOfTemplate(pool)));
  if (started === Number.NEGATIVE_INFINITY) return 'broken-template';
  const since = failed.filter(({ createdAt }) => createdAt > started).length;
  return waiting === 0 && since >= severalFailed ? 'broken-template' : undefined;
}

/**
 * Ordinals whose pods of the current template have failed: they are broken, or being deleted and created again. `createdAt` is the
 * creation time of the current pod.
 */
export function failedOfTemplate(pool: PoolFacts): { ordinal: number; createdAt: number }[] {
  const revision = pool.spec?.revision;
  const failed: { ordinal: number; createdAt: number }[] = [];
  if (revision === undefined) return failed;
  for (let ordinal = 0; ordinal < pool.replicas; ordinal++) {
    const pod = pool.pod(ordinal);
    if (!pod && pool.starts.failures(ordinal, revision) > 0) failed.push({ ordinal, createdAt: pool.now });
    if (pod && isOfTemplate(pool)(pod) && hasFailed(pod, pool)) failed.push(pod);
  }
  return failed;
}

const isOfTemplate = (pool: PoolFacts) => (pod: ObservedPod) =>
  pool.spec?.revision !== undefined && pod.revision === pool.spec.revision;

// A busy StatefulSet controller creates some 20 pods per second.
const createdWithinMs = 10_000;

/**
 * Whether starts fail: pods cannot be created or reached, or a pod fails to start that is newer than every pod that started. In
 * that case the time of the next ready terminal cannot be estimated.
 */
export function startsFail(pool: PoolFacts): boolean {
  if (growthStop(pool, 0) !== undefined) return true;
  if (refusalOf(pool) !== undefined && pool.missing.missing(pool.now, createdWithinMs).length > 0) return true;
  const failing = [...pool.pods()].filter((pod) => failsToStart(pod, pool));
  if (failing.length === 0) return false;
  const lastStart = newestStart([...pool.pods()]);
  return failing.some(({ createdAt }) => createdAt > lastStart);
}

/** When the newest pod that has started was created; -Infinity if there is none. A claimed pod has started. */
const newestStart = (pods: readonly ObservedPod[]): number =>
  Math.max(...pods.filter(({ ready, claim }) => ready || claim).map(({ createdAt }) => createdAt));

/** Reasons of a pod that waits for its containers. They do not name the cause. */
const waitingReasons = new Set(['ContainersNotInitialized', 'ContainersNotReady']);

/** Whether the pod has failed, or has a container that crashed or cannot start. A pod that waits for a node has not failed. */
function failsToStart(pod: ObservedPod, pool: PoolFacts): boolean {
  const { trouble, terminating } = pod;
  const hasTrouble = !terminating && trouble !== undefined && trouble.reason !== 'Unschedulable' && saysWhy(pod);
  return hasTrouble ? isToStart(pod, pool) : hasFailed(pod, pool);
}

const failuresOf = ({ ordinal, revision }: ObservedPod, pool: PoolFacts): number =>
  pool.starts.failures(ordinal, revision);

/** Whether the pod missed the start timeout, or replaces one that did. */
function hasFailed(pod: ObservedPod, pool: PoolFacts): boolean {
  const isOverdue = pool.now - startedAt(pod) >= pool.settings.startTimeout;
  return isToStart(pod, pool) && (isOverdue || failuresOf(pod, pool) > 0);
}

// A pod that has ended counts as failed to start only if its predecessors were not Ready either.
const isToStart = (pod: ObservedPod, pool: PoolFacts): boolean =>
  pod.ordinal < pool.replicas &&
  !pod.ready &&
  !pod.taken &&
  !pool.isUnschedulable(pod) &&
  (pod.ended === undefined || failuresOf(pod, pool) > 0);

/** Since when the pod should be Ready, or gone. */
const unreadySince = (pod: ObservedPod): number => Math.max(startedAt(pod), pod.endsBy ?? 0);

/** Since when the pod should be Ready: not before the kubelet accepted it, because until then it waited for a node. */
const startedAt = ({ createdAt, readyChangedAt }: ObservedPod) => Math.max(createdAt, readyChangedAt ?? 0);

function listed(names: string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more are` : `${shown} ${names.length > 1 ? 'are' : 'is'}`;
}
