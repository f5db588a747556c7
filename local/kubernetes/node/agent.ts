// The scheduler and the node agent: assigns every pod to a node, runs it, reports its status, and ends it when it is deleted. All nodes
// are this machine. Tests create a second Node object, and delete one. A `Runner` runs the pods, as processes or not at all.

import { isOver, isReady, type Pod, type PodStatus, type Stored } from '../api/objects.ts';
import type { Registry } from '../api/registry.ts';
import { nodes, pods } from '../api/resources.ts';
import { podStatus, type Runtime } from './pod-status.ts';

export type RunningPod = {
  /** Ends it within `graceMs`. Resolves once nothing of it is left. May be called again with less grace. */
  stop: (graceMs: number) => Promise<void>;
};
export type Runner = (pod: Pod, report: (runtime: Runtime) => void) => RunningPod;

export type Agent = { close: (graceMs: number) => Promise<void> };

export function runAgent(options: {
  registry: Registry;
  runner: Runner;
  now: () => number;
  onScheduled: (pod: Pod) => void;
  onFailure: (error: unknown) => void;
}): Agent {
  const { registry, runner, now } = options;
  const { store } = registry;
  const running = new Map<string, RunningPod>();
  /** The node of each running pod, by UID. */
  const placed = new Map<string, string>();
  /** Pods that wait for a node, by UID. */
  const held = new Map<string, Pod>();
  /** The open node with the fewest pods. */
  const schedule = (): string | undefined => {
    const open = [...store.each(nodes)].filter(isOpen).map(({ metadata }) => metadata.name);
    if (open.length < 2) return open[0];
    const count = (name: string) => [...placed.values()].filter((each) => each === name).length;
    return open.sort((a, b) => count(a) - count(b))[0];
  };

  const unsubscribeNodes = store.subscribe(nodes, () => {
    if (schedule() === undefined) return;
    const waiting = [...held.values()];
    held.clear();
    for (const pod of waiting) setImmediate(admit, pod);
  });
  const unsubscribe = store.subscribe(pods, ({ type, object, previous }) => {
    const pod = object as Pod;
    const { uid, deletionTimestamp, deletionGracePeriodSeconds = 0 } = pod.metadata;
    if (type === 'DELETED') stop(pod, 0);
    else if (type === 'ADDED') setImmediate(admit, pod);
    else if (
      deletionTimestamp &&
      running.has(uid) &&
      previous?.metadata.deletionGracePeriodSeconds !== deletionGracePeriodSeconds
    ) {
      stop(pod, deletionGracePeriodSeconds * 1_000);
    } else if (
      isOver(pod) &&
      !isOver(previous as Pod) &&
      pod.status.containerStatuses?.some(({ state }) => state.running)
    ) {
      // Another client ended the pod, as an eviction does. Stop its containers; the object stays until it is deleted.
      running.get(uid)?.stop(0).catch(options.onFailure);
    }
  });

  function admit(pod: Pod) {
    const { nodeName: wanted } = pod.spec;
    if (closed || (wanted && !store.get(nodes, undefined, wanted))) return;
    // A cordon affects only pods that are not assigned yet.
    const nodeName = wanted || schedule();
    if (nodeName === undefined) return void held.set(pod.metadata.uid, pod);
    const bound = registry.updateStatus(pods, pod, (at) => ({ ...at, spec: { ...(at as Pod).spec, nodeName } })) as
      | Pod
      | undefined;
    if (!bound) return;
    options.onScheduled(bound);
    placed.set(pod.metadata.uid, nodeName);
    running.set(
      pod.metadata.uid,
      runner(bound, (runtime) => report(bound, runtime)),
    );
  }

  function report(pod: Pod, runtime: Runtime) {
    registry.updateStatus(pods, pod, (at) => withStatus(at as Pod, podStatus(at as Pod, runtime, now())));
  }

  function stop(pod: Pod, graceMs: number) {
    const { uid } = pod.metadata;
    held.delete(uid);
    const found = running.get(uid);
    if (!found) return;
    found
      .stop(graceMs)
      .catch(options.onFailure)
      .finally(() => {
        running.delete(uid);
        placed.delete(uid);
        registry.finalize(pods, pod);
      });
  }

  let closed = false;
  return {
    close: async (graceMs) => {
      closed = true;
      unsubscribe();
      unsubscribeNodes();
      await Promise.all([...running.values()].map((pod) => pod.stop(graceMs).catch(options.onFailure)));
    },
  };
}

function isOpen({ spec, status }: Stored): boolean {
  const { unschedulable } = (spec ?? {}) as { unschedulable?: boolean };
  const { conditions = [] } = (status ?? {}) as { conditions?: { type: string; status: string }[] };
  return !unschedulable && conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

// A terminating pod is not ready, whatever its probes report. A pod that has ended stays ended.
function withStatus(pod: Pod, status: PodStatus): Stored {
  if (isOver(pod)) return { ...pod, status: { ...status, phase: pod.status.phase } };
  if (!pod.metadata.deletionTimestamp || !isReady({ ...pod, status })) return { ...pod, status };
  return pod;
}
