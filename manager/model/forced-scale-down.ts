// Detects that an administrator scaled a pool below terminals in use, and which terminals survived. Pure.

import { type ObservedPod, type ObservedPool, podState } from './observation.ts';

export type ForcedScaleDown = {
  /** The replicas that the administrator asked for. */
  replicas: number;
  version: number;
  /** The terminals that were in use at higher ordinals. */
  pods: readonly ObservedPod[];
  /** When the manager first evaluated it. */
  seenAt: number | undefined;
  /** The terminals whose sessions continue. Undefined until the StatefulSet controller has acted. */
  survived: readonly ObservedPod[] | undefined;
};

// The StatefulSet controller has deleted the pods by this time, also on a busy cluster, if it deletes them at all.
const settledMs = 5_000;
const reportedMs = 10 * 60_000;

/** The terminals in use that `spec` removes; undefined if there are none. A manager never removes a claimed terminal. */
export function detectForcedScaleDown(
  { replicas, version }: ObservedPool,
  pods: Iterable<ObservedPod>,
): ForcedScaleDown | undefined {
  const above = [...pods].filter(({ ordinal, claim }) => claim && ordinal >= replicas);
  if (above.length === 0) return undefined;
  return { replicas, version, pods: above, seenAt: undefined, survived: undefined };
}

/** The state of the scale-down at `now`. Undefined ten minutes after it was first reported. */
export function settleForcedScaleDown(
  scaleDown: ForcedScaleDown,
  now: number,
  podAt: (ordinal: number) => ObservedPod | undefined,
): ForcedScaleDown | undefined {
  const { seenAt = now, pods } = scaleDown;
  if (now >= seenAt + reportedMs) return undefined;
  const isSettled = now >= seenAt + settledMs;
  const goesOn = ({ ordinal, uid }: ObservedPod): boolean => {
    const pod = podAt(ordinal);
    return pod?.uid === uid && podState(pod) === 'in-use';
  };
  return { ...scaleDown, seenAt, survived: scaleDown.survived ?? (isSettled ? pods.filter(goesOn) : undefined) };
}
