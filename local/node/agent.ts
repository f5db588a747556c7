// The node agent: takes every pod in, has it run, reports how it is, and ends it when it is to be deleted.
// How a pod is run (as processes, or not at all) is the business of the `Runner` that it is given.

import { isReady, type Pod, type PodStatus, type Stored } from '../api/objects.ts';
import type { Registry } from '../api/registry.ts';
import { nodes, pods } from '../api/resources.ts';
import { podStatus, type Runtime } from './pod-status.ts';

export type RunningPod = {
  /** Ends it within `graceMs`; resolves once nothing of it is left. May be called again with less grace. */
  stop: (graceMs: number) => Promise<void>;
};
export type Runner = (pod: Pod, report: (runtime: Runtime) => void) => RunningPod;

export type Agent = { close: (graceMs: number) => Promise<void> };

export function runAgent(options: {
  registry: Registry;
  runner: Runner;
  nodeName: string;
  now: () => number;
  onScheduled: (pod: Pod) => void;
  onFailure: (error: unknown) => void;
}): Agent {
  const { registry, runner, nodeName, now } = options;
  const { store } = registry;
  const running = new Map<string, RunningPod>();
  /** Pods that wait for the node to be uncordoned, by UID. */
  const held = new Map<string, Pod>();
  const isCordoned = () => {
    const spec = store.get(nodes, undefined, nodeName)?.spec as { unschedulable?: boolean } | undefined;
    return spec?.unschedulable === true;
  };

  const unsubscribeNodes = store.subscribe(nodes, () => {
    if (isCordoned()) return;
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
    }
  });

  function admit(pod: Pod) {
    const { nodeName: wanted } = pod.spec;
    if (closed || (wanted && wanted !== nodeName)) return;
    // Cordoned is a matter between the scheduler and pods that nobody has put anywhere.
    if (!wanted && isCordoned()) return void held.set(pod.metadata.uid, pod);
    const bound = registry.updateStatus(pods, pod, (at) => ({ ...at, spec: { ...(at as Pod).spec, nodeName } })) as
      | Pod
      | undefined;
    if (!bound) return;
    options.onScheduled(bound);
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

// A pod that is going is not ready, whatever its probes say.
function withStatus(pod: Pod, status: PodStatus): Stored {
  if (!pod.metadata.deletionTimestamp || !isReady({ ...pod, status })) return { ...pod, status };
  return pod;
}
