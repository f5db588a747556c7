// Replaces unused pods of an outdated template: retires and deletes each, and the StatefulSet creates another.

import type { Plan } from '../../plan/plan.ts';
import type { Action } from '../action-runner.ts';
import type { ActionContext, Target } from './context.ts';
import { retirePod } from './retire-pod.ts';

export function replace(context: ActionContext, { pool }: Target, plan: Pick<Plan, 'replace'>): Action[] {
  const { pools, cluster, log, metrics } = context;
  return plan.replace.map((pod) => {
    const run = async () => {
      if (!(await retirePod(context, pod))) return;
      pools.observeDeletion(pod, await cluster.deletePod(pod));
      log.info({ pool: pool.name, pod: pod.name, revision: pod.revision }, 'outdated terminal replaced');
      metrics.done({ pool: pool.name, action: 'replace' });
    };
    return { key: { kind: 'replace', pool: pool.name, target: pod.uid }, run };
  });
}
