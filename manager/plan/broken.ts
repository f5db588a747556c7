// Pods that should be ready and are not. Past the pool's start timeout they are broken: a broken pod is not counted as one to
// come, and is tried again ever more seldom. Where further pods would fail as well, the pool makes no more. Pure.

import { type ObservedPod, type PodState, podState } from '../model/observation.ts';
import type { PoolFacts } from '../model/pool-facts.ts';

// A deadline of five minutes makes that two and a half hours between two attempts: what is wrong for longer takes somebody.
const longestPause = 32;

// How much longer an administrator is not told of a broken pod of which Kubernetes does not say why it is not Ready: it may
// only be slow, and the reason may follow.
const reasonPatienceMs = 60_000;

/**
 * The state of a pod. A claimed one is its visitor's, whatever it is like; one that does not come to its end is as
 * lost as one that does not start. A Ready one without an address is being exposed, until that takes too long or is refused:
 * then it is unreachable, or broken where only its own name is taken, so that another ordinal takes its place. One that has
 * ended is deleted at once, and is broken only if pods of its ordinal keep ending before they are Ready: deleting those at
 * once would make the next one fail at once.
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

/** Those to delete, so that a fresh one is made: at the deadline first, then at twice, four times, ... the deadline. */
export function podsToRetry(pool: PoolFacts): ObservedPod[] {
  const { startTimeout } = pool.settings;
  return [...pool.pods()].filter((pod) => {
    // The first that ended was not waited for.
    const attempts = failuresOf(pod, pool) - (pod.ended ? 1 : 0);
    const patience = startTimeout * Math.min(longestPause, 2 ** attempts);
    // A new pod would get the same Service.
    return !pod.ready && !pod.terminating && isBroken(pod, pool) && pool.now - unreadySince(pod) >= patience;
  });
}

/** Whether the ordinal has been without a pod for longer than the start timeout. */
export const isNeverMade = (ordinal: number, pool: PoolFacts): boolean =>
  pool.missing.isMissing(ordinal, pool.now, pool.settings.startTimeout);

/** What keeps the pool's pods from becoming Ready, in a sentence for each reason; undefined while none is broken. */
export const describeBroken = (pool: PoolFacts): string | undefined => describe(pool, 0);

/** The same for a message that is written once: a pod without a reason is left out for a minute. */
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

/** Why a pod is not Ready, as far as Kubernetes tells. */
export function reasonOf({ trouble, terminating }: ObservedPod): string {
  if (terminating) return 'Terminating: it does not come to its end';
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

/** Why ordinals have no pod, as far as the StatefulSet controller tells. */
export function reasonOfMissing(pool: PoolFacts): string {
  const refusal = refusalOf(pool);
  return refusal === undefined ? 'it was not created, and Kubernetes does not say why' : `FailedCreate: ${refusal}`;
}

const refusalOf = (pool: PoolFacts): string | undefined => pool.missing.refusal(pool.spec?.uid);

const saysWhy = ({ trouble, terminating }: ObservedPod): boolean =>
  terminating || (trouble !== undefined && !waitingReasons.has(trouble.reason));

/** Why the pool makes no more pods: those that it has cannot be created, or reached, or do not start. */
export type GrowthStop = 'not-created' | 'not-exposed' | 'broken-template';

// A node or a volume that is broken spoils one pod or two.
const severalFailed = 3;

/**
 * Why further replicas would be of no use; undefined while they may be. Read off the pods, so that it holds after a
 * restart. A template is broken once several of its pods have failed and none is Ready or in use. While nobody waits, it is
 * enough that those are newer than all that did start.
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
 * Ordinals whose pods of the present template have failed: they are broken, or being deleted and created again. With when the
 * present pod was created.
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

// A StatefulSet controller that is busy makes some twenty pods a second.
const createdWithinMs = 10_000;

/**
 * Whether starts fail: pods cannot be created or reached, or one fails to start that is newer than every pod that did
 * start. While they fail, nobody knows when the next terminal will be ready.
 */
export function startsFail(pool: PoolFacts): boolean {
  if (growthStop(pool, 0) !== undefined) return true;
  if (refusalOf(pool) !== undefined && pool.missing.missing(pool.now, createdWithinMs).length > 0) return true;
  const failing = [...pool.pods()].filter((pod) => failsToStart(pod, pool));
  if (failing.length === 0) return false;
  const lastStart = newestStart([...pool.pods()]);
  return failing.some(({ createdAt }) => createdAt > lastStart);
}

/** When the newest pod was created that has become Ready, as a claimed one has; -Infinity for none. */
const newestStart = (pods: readonly ObservedPod[]): number =>
  Math.max(...pods.filter(({ ready, claim }) => ready || claim).map(({ createdAt }) => createdAt));

/** Reasons of a pod that only waits for its containers. They do not say what keeps these. */
const waitingReasons = new Set(['ContainersNotInitialized', 'ContainersNotReady']);

/** Whether the pod has failed, or has a container that cannot start or that has crashed. For want of a node it only waits. */
function failsToStart(pod: ObservedPod, pool: PoolFacts): boolean {
  const { trouble, terminating } = pod;
  const hasTrouble = !terminating && trouble !== undefined && trouble.reason !== 'Unschedulable' && saysWhy(pod);
  return hasTrouble ? isToStart(pod, pool) : hasFailed(pod, pool);
}

const failuresOf = ({ ordinal, revision }: ObservedPod, pool: PoolFacts): number =>
  pool.starts.failures(ordinal, revision);

/** Whether the pod has not become Ready in time, or is another attempt at one that has not. */
function hasFailed(pod: ObservedPod, pool: PoolFacts): boolean {
  const isOverdue = pool.now - startedAt(pod) >= pool.settings.startTimeout;
  return isToStart(pod, pool) && (isOverdue || failuresOf(pod, pool) > 0);
}

// That a pod has ended is no failure to start, unless those before it have not become Ready either.
const isToStart = (pod: ObservedPod, pool: PoolFacts): boolean =>
  pod.ordinal < pool.replicas &&
  !pod.ready &&
  !pod.taken &&
  !pool.isUnschedulable(pod) &&
  (pod.ended === undefined || failuresOf(pod, pool) > 0);

/** Since when it should be Ready, or gone. */
const unreadySince = (pod: ObservedPod): number => Math.max(startedAt(pod), pod.endsBy ?? 0);

/** Since when it should be Ready. Not before its node's kubelet took it on: until then it waited for a node. */
const startedAt = ({ createdAt, readyChangedAt }: ObservedPod) => Math.max(createdAt, readyChangedAt ?? 0);

function listed(names: string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more are` : `${shown} ${names.length > 1 ? 'are' : 'is'}`;
}
