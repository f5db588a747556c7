// Retires an unused pod with the same comparison as a claim, so either the retirement or a claim succeeds, never both.

import type { ObservedPod } from '../../model/observation.ts';
import type { ActionContext } from './context.ts';

/** Whether the pod is retired now. False when a visitor has claimed it. */
export async function retirePod(
  { cluster, pools }: Pick<ActionContext, 'cluster' | 'pools'>,
  pod: ObservedPod,
): Promise<boolean> {
  if (pod.taken && !pod.retired) return false;
  const retired = await cluster.retirePod(pod);
  if (retired === 'conflict') return false;
  pools.observe({ kind: 'pod', name: pod.name, object: retired });
  return true;
}
