// Explains the actions of a pool to its administrator, in sentences. Pure.

import { formatDuration } from '../../common/duration.ts';
import { type ObservedPod, podState } from '../model/observation.ts';
import type { Pool } from '../model/pool.ts';
import type { Settings } from '../model/settings.ts';
import { reasonOf } from '../plan/broken.ts';
import type { ReapReason } from '../plan/plan.ts';
import { surge } from '../plan/rollout.ts';
import type { PoolSnapshot } from '../plan/snapshot.ts';

/** Why the pool grows to `to` replicas. */
export function explainGrowth(snapshot: PoolSnapshot, to: number): string {
  const { pool, waiting, counts, spare, prewarm, rollout } = snapshot;
  const { replicas, settings } = pool;
  const { seats, windows } = prewarm;
  const { broken, unreachable, unschedulable } = counts;
  const above = [...pool.pods()].filter((pod) => pod.ordinal >= replicas && podState(pod) === 'in-use');
  const extra = surge(rollout);
  const wanted = [
    seats > spare
      ? `${seats} seats of ${windows.map(({ name }) => name).join(', ')} (prewarm)`
      : `${spare} spare${typeof settings.spare === 'number' ? '' : ` (${settings.spare})`}`,
    ...(waiting > 0 ? [`${waiting} for visitors who wait`] : []),
    ...(extra > 0 ? [`${extra} to roll the template out`] : []),
  ];
  return [
    `Scaled up from ${replicas} to ${to} replicas: ${counts.inUse} in use, ${counts.ready} ready, ${counts.recreating} starting; wanted free: ${wanted.join(' and ')}.`,
    ...(broken > 0 ? [`Broken and not counted: ${broken}.`] : []),
    ...(unreachable > 0 ? [`Without an address for browsers: ${unreachable}.`] : []),
    ...(unschedulable > 0 ? [`On unschedulable nodes: ${unschedulable}.`] : []),
    ...(above.length > 0 ? [`In use above the replicas: ${above.length}.`] : []),
    ...(to === settings.min ? [`min is ${to}.`] : []),
    ...(to === settings.max ? [`That is max.`] : []),
  ].join(' ');
}

/** Why the pool has shrunk from `from` to `to` replicas. */
export function explainShrink({ settings }: Pick<Pool, 'settings'>, from: number, to: number): string {
  const { max, scaleDownDelay } = settings;
  const why =
    from > max
      ? `max is ${max}, and the removed terminals were not in use`
      : `no more was needed within ${formatDuration(scaleDownDelay)} (scale-down-delay)`;
  return `Scaled down from ${from} to ${to} replicas: ${why}.`;
}

/** Why a pod was deleted, which also ended its session. */
export function explainReap(
  pod: ObservedPod,
  reason: ReapReason,
  { maxLifetime, connectTimeout, silenceTimeout }: Settings,
): string {
  switch (reason) {
    case 'max-lifetime':
      return `The session has lasted for ${formatDuration(maxLifetime)} (max-lifetime).`;
    case 'never-connected':
      return `No visitor connected within ${formatDuration(connectTimeout)} of the claim (connect-timeout).`;
    case 'duplicate':
      return 'Its visitor has another, older terminal.';
    case 'silent':
      return `It has not reported for ${formatDuration(silenceTimeout)} (silence-timeout), and its server does not answer.`;
    case 'node-lost':
      return 'Its node is unreachable, and its visitor has another terminal.';
    case 'node-deleted':
      return 'Its node was deleted.';
    case 'not-removed':
      return 'Its containers have ended, but its node does not remove the pod. Check the log of the kubelet.';
    case 'pod-ended':
      return `Its pod has ended, with phase ${pod.ended}: ${reasonOf(pod)}`;
  }
}

/** Warning if an administrator should investigate; Normal for the regular end of a session. */
export const typeOfReap = (reason: ReapReason): 'Normal' | 'Warning' =>
  reason === 'max-lifetime' || reason === 'never-connected' ? 'Normal' : 'Warning';
