// That somebody has scaled a pool below terminals in use, and what came of it, so that it can be told. Pure.

import { type ObservedPod, type ObservedPool, podState } from './observation.ts';

export type Cut = {
  /** To how many. */
  replicas: number;
  version: number;
  /** Those that were in use above. */
  pods: readonly ObservedPod[];
  /** When the manager first looked at it. */
  seenAt: number | undefined;
  /** Those of them whose sessions go on; undefined until that is clear. */
  outlived: readonly ObservedPod[] | undefined;
};

// Where the StatefulSet controller may end sessions, it has done so by then, also on a busy cluster.
const settledMs = 5_000;
const toldMs = 10 * 60_000;

/** What shrinking to `spec` means for those in use; undefined: nothing. No manager shrinks past a claim. */
export function lookAtCut({ replicas, version }: ObservedPool, pods: Iterable<ObservedPod>): Cut | undefined {
  const above = [...pods].filter(({ ordinal, claim }) => claim && ordinal >= replicas);
  if (above.length === 0) return undefined;
  return { replicas, version, pods: above, seenAt: undefined, outlived: undefined };
}

/** The cut as it is known at `now`; undefined once it has been told of for long enough. */
export function settleCut(cut: Cut, now: number, podAt: (ordinal: number) => ObservedPod | undefined): Cut | undefined {
  const { seenAt = now, pods } = cut;
  if (now >= seenAt + toldMs) return undefined;
  const settled = now >= seenAt + settledMs;
  const goesOn = ({ ordinal, uid }: ObservedPod): boolean => {
    const pod = podAt(ordinal);
    return pod?.uid === uid && podState(pod) === 'in-use';
  };
  return { ...cut, seenAt, outlived: cut.outlived ?? (settled ? pods.filter(goesOn) : undefined) };
}
