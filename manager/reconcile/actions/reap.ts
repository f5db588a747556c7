// Deletes pods whose session is over, pods that have ended, and pods whose node was deleted.

import { aboutPod, aboutPool } from '../../events/event-recorder.ts';
import { explainReap, typeOfReap } from '../../events/explanations.ts';
import type { ObservedPod } from '../../model/observation.ts';
import type { Pool } from '../../model/pool.ts';
import type { Plan, ReapReason } from '../../plan/plan.ts';
import type { Action } from '../action-runner.ts';
import type { ActionContext, Target } from './context.ts';

type Overdue = Plan['reap'][number];

// A node that is deleted or shut down may have had more than a hundred pods, and claims share these connections.
const deadAtOnce = 8;

export function reap(context: ActionContext, target: Target, plan: Pick<Plan, 'reap'>): Action[] {
  const { pool } = target;
  const dead = plan.reap.filter(isDead).slice(0, deadAtOnce);
  return [...plan.reap.filter((overdue) => !isDead(overdue)), ...dead]
    .filter(
      ({ pod, reason }) => reason !== 'never-connected' || context.listening.hasMissedReport(pod.uid, pool.settings),
    )
    .map((overdue) => ({
      key: { kind: 'reap', pool: pool.name, target: overdue.pod.uid },
      run: () => reapPod(context, target, overdue),
    }));
}

async function reapPod(context: ActionContext, { pool, spec }: Target, { pod, reason }: Overdue): Promise<void> {
  const { pools, cluster, log, events, metrics } = context;
  const { name } = pod;
  if (!(await isStillDue(context, pool, { pod, reason }))) return;
  // Delete only the observed version: if the watch is slow, a visitor may have connected meanwhile.
  const deleted = isOrphan(reason) ? await cluster.removeOrphan(pod) : await cluster.deleteAsSeen(pod);
  if (deleted === 'conflict') return;
  // Finalizers may keep the object of an orphan. The watch reports its deletion.
  if (deleted !== 'removed') pools.observeDeletion(pod, deleted);
  log.info({ pool: pool.name, pod: name, reason }, 'terminal deleted');
  metrics.done({ pool: pool.name, action: 'reap', reason });
  const event = { type: typeOfReap(reason), reason: 'Reaped' };
  const why = explainReap(pod, reason, pool.settings);
  events.record({ ...event, about: aboutPod(pod), message: why });
  events.record({ ...event, about: aboutPool(spec), message: `${name} was deleted: ${why}` });
}

/** Asks the API server if the reason depends on another object, because the watch may be slow. */
async function isStillDue(context: ActionContext, pool: Pool, { pod, reason }: Overdue): Promise<boolean> {
  if ((reason === 'duplicate' || reason === 'node-lost') && !(await hasOtherTerminal(context, pool, pod))) return false;
  return (reason !== 'node-deleted' && reason !== 'node-lost') || isNodeAway(context, pod, reason);
}

/** Whether the visitor of `pod` still has another terminal, which is the reason to delete this one. */
async function hasOtherTerminal({ cluster, pools }: ActionContext, pool: Pool, pod: ObservedPod): Promise<boolean> {
  const other = pool.terminalOf(pod.claim!.visitor);
  if (!other || other === pod) return false;
  const now = await cluster.readPod(other.name);
  if (now?.uid === other.uid && !now.terminating && !now.ended) return true;
  pools.observeDeletion(other, now?.uid === other.uid ? now : undefined);
  return false;
}

/** Whether the node of `pod` is still deleted, or still NotReady. */
async function isNodeAway(
  { cluster, pools, monotonic }: ActionContext,
  { node: name }: ObservedPod,
  reason: 'node-deleted' | 'node-lost',
): Promise<boolean> {
  if (name === undefined) return true;
  const node = await cluster.readNode(name);
  if (reason === 'node-deleted' ? !node : !node?.ready) return true;
  pools.observeNode(name, node, monotonic(), false);
  return false;
}

/** Whether the manager has to remove the pod object, because no kubelet will. */
const isOrphan = (reason: ReapReason): boolean => reason === 'node-deleted' || reason === 'not-removed';
/** Whether the pod can have no session. */
const isDead = ({ reason }: Overdue): boolean => isOrphan(reason) || reason === 'pod-ended';
