// Taking terminals that nobody uses out of a pool, without ever taking one from somebody: each is retired first, by the
// same comparison as a claim, so that of the two exactly one wins.

import type { Cluster } from '../kubernetes/port.ts';
import type { Observation, ObservedPod, ObservedPool } from '../model/observation.ts';
import type { Pool } from '../model/pool.ts';
import type { Shrink } from '../plan/shrink.ts';

type Observe = (observation: Observation) => void;

/**
 * Fences the ordinals from the top down to `shrink.to`, or as far as nobody has claimed one, and scales them away. Returns the
 * new replicas; undefined when it came to nothing. What was retired in vain is replaced at a later look.
 */
export async function shrinkPool(
  cluster: Cluster,
  pool: Pool,
  spec: ObservedPool,
  shrink: Shrink,
  observe: Observe,
): Promise<number | undefined> {
  const empty: number[] = [];
  let to = spec.replicas;
  for (; to > shrink.to; to--) {
    const pod = pool.pod(to - 1);
    if (!pod || pod.terminating) empty.push(to - 1);
    else if (!(await retire(cluster, pod, observe))) break;
  }
  // Last, because a successor may come at any time: it takes longer to be ready than to be scaled away.
  for (const ordinal of empty) {
    const name = `${spec.statefulSet}-${ordinal}`;
    const pod = await cluster.readPod(name);
    observe({ kind: 'pod', name, object: pod });
    if (pod && (!pod.terminating || pod.claim)) to = Math.max(to, ordinal + 1);
  }
  if (to === spec.replicas) return undefined;
  const scaled = await cluster.scalePool(spec, to);
  if (scaled === 'conflict') return undefined;
  observe({ kind: 'pool', name: spec.statefulSet, object: scaled, answered: true });
  return to;
}

/** Retires the pod and deletes it, so that its ordinal gets a fresh one. Returns the pod as it is going; undefined when gone. */
export async function replacePod(
  cluster: Cluster,
  pod: ObservedPod,
  observe: Observe,
): Promise<ObservedPod | undefined | 'conflict'> {
  return (await retire(cluster, pod, observe)) ? cluster.deletePod(pod) : 'conflict';
}

/** Whether the pod is nobody's now, and will be nobody's. */
async function retire(cluster: Cluster, pod: ObservedPod, observe: Observe): Promise<boolean> {
  if (pod.taken && !pod.retired) return false;
  const marked = await cluster.retirePod(pod);
  if (marked === 'conflict') return false;
  observe({ kind: 'pod', name: pod.name, object: marked });
  return true;
}
