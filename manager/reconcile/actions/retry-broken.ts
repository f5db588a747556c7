// Deletes broken pods that are due for another attempt; the StatefulSet creates them again.

import { aboutPod } from '../../events/event-recorder.ts';
import { reasonOf } from '../../plan/broken.ts';
import type { Plan } from '../../plan/plan.ts';
import type { Action } from '../action-runner.ts';
import type { ActionContext, Target } from './context.ts';

// More pods at a time would not help a cluster that cannot start pods.
const atOnce = 8;

export function retryBroken(context: ActionContext, { pool }: Target, { retry }: Pick<Plan, 'retry'>): Action[] {
  const { pools, cluster, log, events, metrics } = context;
  return retry.slice(0, atOnce).map((pod) => {
    const run = async () => {
      const deleted = await cluster.deleteAsSeen(pod);
      if (deleted === 'conflict') return;
      pools.observeDeletion(pod, deleted);
      log.info({ pool: pool.name, pod: pod.name, reason: reasonOf(pod) }, 'broken terminal deleted, to start it again');
      metrics.done({ pool: pool.name, action: 'retry' });
      const message = `Deleted, to start it again, because it did not become Ready: ${reasonOf(pod)}`;
      events.record({ about: aboutPod(pod), type: 'Warning', reason: 'TriedAgain', message });
    };
    return { key: { kind: 'retry', pool: pool.name, target: pod.uid }, run };
  });
}
