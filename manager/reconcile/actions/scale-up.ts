// Scales a pool up.

import { aboutPool } from '../../events/event-recorder.ts';
import { explainGrowth } from '../../events/explanations.ts';
import type { Plan } from '../../plan/plan.ts';
import type { Action } from '../action-runner.ts';
import type { ActionContext, Target } from './context.ts';

export function scaleUp(
  context: ActionContext,
  { pool, spec, snapshot }: Target,
  { scaleTo }: Pick<Plan, 'scaleTo'>,
): Action[] {
  if (scaleTo === undefined) return [];
  const { pools, cluster, log, events, metrics } = context;
  const message = explainGrowth(snapshot, scaleTo);
  const run = async () => {
    const scaled = await cluster.scalePool(spec, scaleTo);
    if (scaled === 'conflict') return;
    log.info({ pool: pool.name, from: spec.replicas, to: scaleTo }, 'pool scaled up');
    metrics.done({ pool: pool.name, action: 'scale-up' });
    events.record({ about: aboutPool(spec), type: 'Normal', reason: 'ScaledUp', message });
    pools.observe({ kind: 'pool', name: spec.statefulSet, object: scaled, answered: true });
  };
  return [{ key: { kind: 'scale', pool: pool.name }, run }];
}
