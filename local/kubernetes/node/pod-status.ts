// A pod's status as a kubelet reports it, from the states of its containers. Pure.

import { type Condition, type ContainerStatus, type Pod, type PodStatus, timestamp } from '../api/objects.ts';

export const hostIP = '127.0.0.1';

/** What the node agent knows about a pod that it runs. */
export type Runtime = { podIP: string; startedAt: number; containers: ContainerStatus[] };

/** The status at `now`. A condition that has not changed keeps its time. */
export function podStatus(pod: Pod, { podIP, startedAt, containers }: Runtime, now: number): PodStatus {
  const unready = containers.filter(({ ready }) => !ready).map(({ name }) => name);
  const failed = containers.some(({ state }) => state.terminated && state.terminated.exitCode !== 0);
  // A pod is not over while its containers are going to be restarted.
  const policy = pod.metadata.deletionTimestamp ? 'Never' : pod.spec.restartPolicy;
  const stays = policy === 'Never' || (policy === 'OnFailure' && !failed);
  const over = stays && containers.length > 0 && containers.every(({ state }) => state.terminated);
  const begun = containers.some(({ state, lastState }) => state.running || state.terminated || lastState.terminated);
  const phase = over ? (failed ? 'Failed' : 'Succeeded') : begun ? 'Running' : 'Pending';
  const because = {
    reason: over && !failed ? 'PodCompleted' : 'ContainersNotReady',
    message: `containers with unready status: [${unready.join(' ')}]`,
  };
  const condition = (type: string, holds: boolean, why?: { reason: string; message: string }): Condition => {
    const status = holds ? 'True' : 'False';
    const before = pod.status.conditions?.find((one) => one.type === type);
    const same = before?.status === status;
    const lastTransitionTime = same ? before.lastTransitionTime : timestamp(now);
    return { type, status, lastProbeTime: null, lastTransitionTime, ...(!holds && why) };
  };
  const ready = unready.length === 0;
  return {
    ...pod.status,
    phase,
    conditions: [
      condition('Initialized', true),
      condition('Ready', ready, because),
      condition('ContainersReady', ready, because),
      condition('PodScheduled', true),
    ],
    hostIP,
    podIP,
    podIPs: [{ ip: podIP }],
    startTime: timestamp(startedAt),
    containerStatuses: containers,
  };
}

/** A container that has not been started. */
export const waitingContainer = (name: string, image: string): ContainerStatus => ({
  name,
  state: { waiting: { reason: 'ContainerCreating' } },
  lastState: {},
  ready: false,
  restartCount: 0,
  image,
  imageID: '',
  started: false,
});
