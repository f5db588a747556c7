// Scales a pool down, from the top, as a StatefulSet does. Each pod is retired first, so that no session ends (inv 5).

import { aboutPool } from '../../events/event-recorder.ts';
import { explainShrink } from '../../events/explanations.ts';
import type { Plan } from '../../plan/plan.ts';
import type { Shrink } from '../../plan/shrink.ts';
import type { Action } from '../action-runner.ts';
import type { ActionContext, Target } from './context.ts';
import { retirePod } from './retire-pod.ts';

export function scaleDown(context: ActionContext, target: Target, { shrink }: Pick<Plan, 'shrink'>): Action[] {
  if (!shrink) return [];
  const { log, events, metrics } = context;
  const { pool, spec } = target;
  const run = async () => {
    const to = await retireAndScale(context, target, shrink);
    if (to === undefined) return;
    log.info({ pool: pool.name, from: spec.replicas, to }, 'pool scaled down');
    metrics.done({ pool: pool.name, action: 'scale-down' });
    const message = explainShrink(pool, spec.replicas, to);
    events.record({ about: aboutPool(spec), type: 'Normal', reason: 'ScaledDown', message });
  };
  return [{ key: { kind: 'shrink', pool: pool.name }, run }];
}

/**
 * Retires the pods from the top down to `shrink.to`, or to the first claimed one, and scales them down. Returns the new replicas;
 * undefined when nothing was scaled. If the scaling fails, the retired pods are replaced at a later evaluation.
 */
export async function retireAndScale(
  { cluster, pools }: Pick<ActionContext, 'cluster' | 'pools'>,
  { pool, spec }: Pick<Target, 'pool' | 'spec'>,
  shrink: Shrink,
): Promise<number | undefined> {
  const empty: number[] = [];
  let to = spec.replicas;
  for (; to > shrink.to; to--) {
    const pod = pool.pod(to - 1);
    if (!pod || pod.terminating) empty.push(to - 1);
    else if (!(await retirePod({ cluster, pools }, pod))) break;
  }
  // Check empty ordinals last: a pod may be created at any time, but it becomes Ready only after the scale-down.
  for (const ordinal of empty) {
    const name = `${spec.statefulSet}-${ordinal}`;
    const pod = await cluster.readPod(name);
    pools.observe({ kind: 'pod', name, object: pod });
    if (pod && (!pod.terminating || pod.claim)) to = Math.max(to, ordinal + 1);
  }
  if (to === spec.replicas) return undefined;
  const scaled = await cluster.scalePool(spec, to);
  if (scaled === 'conflict') return undefined;
  pools.observe({ kind: 'pool', name: spec.statefulSet, object: scaled, answered: true });
  return to;
}
