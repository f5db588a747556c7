// Why a pod is not Ready, out of its status: the first that says something, of the scheduler, the containers, the pod
// itself and its conditions. Pure.
// https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/

import type { Trouble } from '../pool/observation.ts';

type Condition = { type: string; status: string; reason?: string; message?: string; lastTransitionTime?: string };
type ContainerState = {
  waiting?: { reason?: string; message?: string };
  terminated?: { reason?: string; message?: string; exitCode?: number };
};
type ContainerStatus = { state?: ContainerState; lastState?: ContainerState };
export type RawPodStatus = {
  reason?: string;
  message?: string;
  conditions?: Condition[];
  initContainerStatuses?: ContainerStatus[];
  containerStatuses?: ContainerStatus[];
};

// What every container waits for at first.
const usual = new Set(['ContainerCreating', 'PodInitializing']);

/** undefined where nothing is said, or only that it has not begun. */
export function findTrouble(status: RawPodStatus | undefined): Trouble | undefined {
  if (!status) return undefined;
  const { conditions = [], initContainerStatuses = [], containerStatuses = [] } = status;
  const failed = (type: string) => conditions.find((one) => one.type === type && one.status === 'False');
  const containers = [...initContainerStatuses, ...containerStatuses];
  return (
    trouble(failed('PodScheduled')) ??
    first(containers, waitsFor) ??
    first(containers, ended) ??
    trouble(status) ??
    trouble(failed('Ready'))
  );
}

function waitsFor({ state, lastState }: ContainerStatus): Trouble | undefined {
  const waiting = state?.waiting;
  if (!waiting || usual.has(waiting.reason ?? '')) return undefined;
  const why = trouble(waiting);
  // A container in a crash loop waits for its next start; what matters is how the last one went.
  const last = lastState?.terminated && describeEnd(lastState.terminated);
  return why && last ? { ...why, message: [last, why.message].filter(Boolean).join('; ') } : why;
}

function ended({ state }: ContainerStatus): Trouble | undefined {
  const end = state?.terminated;
  return end && { reason: end.reason ?? 'Terminated', message: describeEnd(end) };
}

function describeEnd({ reason, message, exitCode }: NonNullable<ContainerState['terminated']>): string {
  const how = reason === undefined || reason === 'Error' ? 'ended' : `ended (${reason})`;
  return `${how} with exit code ${exitCode ?? 'unknown'}${message ? `: ${message.trim()}` : ''}`;
}

const trouble = (said: { reason?: string; message?: string } | undefined): Trouble | undefined =>
  said?.reason ? { reason: said.reason, message: (said.message ?? '').trim().slice(0, longest) } : undefined;

// A message may be a whole log.
const longest = 300;

function first<T>(items: readonly T[], find: (item: T) => Trouble | undefined): Trouble | undefined {
  for (const item of items) {
    const found = find(item);
    if (found) return found;
  }
  return undefined;
}
