// Why a pod is not Ready, from its status: the first useful reason of the scheduler, the containers, the pod itself and its
// conditions. Pure.
// https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/

import { printable } from '../../common/printable.ts';
import type { Trouble } from '../model/observation.ts';

type Condition = { type: string; status: string; reason?: string; message?: string; lastTransitionTime?: string };
type ContainerState = {
  running?: { startedAt?: string };
  waiting?: { reason?: string; message?: string };
  terminated?: { reason?: string; message?: string; exitCode?: number };
};
type ContainerStatus = { ready?: boolean; state?: ContainerState; lastState?: ContainerState };
export type RawPodStatus = {
  phase?: string;
  reason?: string;
  message?: string;
  conditions?: Condition[];
  initContainerStatuses?: ContainerStatus[];
  containerStatuses?: ContainerStatus[];
};

// Normal reasons during a start.
const usual = new Set(['ContainerCreating', 'PodInitializing']);

/** Undefined if the status has no reason, or only one of a normal start. */
export function findTrouble(status: RawPodStatus | undefined): Trouble | undefined {
  if (!status) return undefined;
  const { phase, conditions = [], initContainerStatuses = [], containerStatuses = [] } = status;
  const failed = (type: string) => conditions.find((one) => one.type === type && one.status === 'False');
  const containers = [...initContainerStatuses, ...containerStatuses];
  // The status of an evicted pod has the reason. Its containers report only that they were killed.
  const failure = phase === 'Failed' ? trouble(status) : undefined;
  return (
    failure ??
    trouble(failed('PodScheduled')) ??
    first(containers, waitsFor) ??
    first(containers, ended) ??
    first(containers, crashedBefore) ??
    trouble(status) ??
    trouble(failed('Ready'))
  );
}

function waitsFor({ state, lastState }: ContainerStatus): Trouble | undefined {
  const waiting = state?.waiting;
  if (!waiting || usual.has(waiting.reason ?? '')) return undefined;
  const why = trouble(waiting);
  // A container in a crash loop waits for its next start. The reason is in its last termination.
  const last = lastState?.terminated && describeEnd(lastState.terminated);
  return why && last ? { ...why, message: [last, why.message].filter(Boolean).join('; ') } : why;
}

function ended({ state }: ContainerStatus): Trouble | undefined {
  const end = state?.terminated;
  return end && trouble({ reason: end.reason ?? 'Terminated', message: describeEnd(end) });
}

// A container in a crash loop runs briefly between crashes. Kubernetes then reports only that it is not ready.
function crashedBefore({ ready, state, lastState }: ContainerStatus): Trouble | undefined {
  const last = lastState?.terminated;
  if (!last || !state?.running || ready === true) return undefined;
  return trouble({ reason: last.reason ?? 'Terminated', message: `${describeEnd(last)}; it was started again` });
}

function describeEnd({ reason, message, exitCode }: NonNullable<ContainerState['terminated']>): string {
  const how = reason === undefined || reason === 'Error' ? 'ended' : `ended (${printable(reason, longestReason)})`;
  return `${how} with exit code ${exitCode ?? 'unknown'}${message ? `: ${printable(message, longest)}` : ''}`;
}

const trouble = (said: { reason?: string; message?: string } | undefined): Trouble | undefined =>
  said?.reason
    ? { reason: printable(said.reason, longestReason), message: printable(said.message ?? '', longest) }
    : undefined;

// A message may be a whole log, or text that a visitor wrote to /dev/termination-log.
const longest = 300;
const longestReason = 100;

function first<T>(items: readonly T[], find: (item: T) => Trouble | undefined): Trouble | undefined {
  for (const item of items) {
    const found = find(item);
    if (found) return found;
  }
  return undefined;
}
