// Pods that should be Ready and are not: past the pool's start timeout they are broken. A broken pod is not counted as
// one to come, and is tried again ever more seldom. Pure.

import { type ObservedPod, type PodState, podState } from './observation.ts';
import type { Pool } from './pool.ts';

// A deadline of five minutes makes that two and a half hours between two attempts: what is wrong for longer takes somebody.
const longestPause = 32;

/**
 * The state of a pod at `now`. A claimed one is its visitor's, whatever it is like; one that does not come to its end is as
 * lost as one that does not start.
 */
export function podStateAt(pod: ObservedPod, pool: Pool, now: number): PodState | 'broken' {
  const state = podState(pod);
  return state === 'recreating' && now - unreadySince(pod) >= pool.settings.startTimeout ? 'broken' : state;
}

export const isBroken = (pod: ObservedPod, pool: Pool, now: number) => podStateAt(pod, pool, now) === 'broken';

/** Those to delete, so that a fresh one is made: at the deadline first, then at twice, four times, ... the deadline. */
export function podsToRetry(pool: Pool, now: number): ObservedPod[] {
  const { startTimeout } = pool.settings;
  return [...pool.pods()].filter((pod) => {
    const patience = startTimeout * Math.min(longestPause, 2 ** pool.starts.failures(pod.ordinal));
    return !pod.terminating && isBroken(pod, pool, now) && now - unreadySince(pod) >= patience;
  });
}

/** What keeps the pool's pods from becoming Ready, in a sentence for each reason; undefined while none is broken. */
export function describeBroken(pool: Pool, now: number): string | undefined {
  const names = new Map<string, string[]>();
  for (const pod of pool.pods()) {
    if (!isBroken(pod, pool, now)) continue;
    const why = reasonOf(pod);
    names.set(why, [...(names.get(why) ?? []), pod.name]);
  }
  if (names.size === 0) return undefined;
  return [...names].map(([why, pods]) => `${listed(pods)} not Ready: ${why}`).join('; ');
}

/** Why a pod is not Ready, as far as Kubernetes tells. */
export function reasonOf({ trouble, terminating }: ObservedPod): string {
  if (terminating) return 'Terminating: it does not come to its end';
  if (!trouble) return 'Kubernetes does not say why';
  return trouble.message === '' ? trouble.reason : `${trouble.reason}: ${trouble.message}`;
}

/** Since when it should be Ready. Not before its node's kubelet took it on: until then it waited for a node. */
const unreadySince = ({ createdAt, readyChangedAt }: ObservedPod) => Math.max(createdAt, readyChangedAt ?? 0);

function listed(names: string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more are` : `${shown} ${names.length > 1 ? 'are' : 'is'}`;
}
