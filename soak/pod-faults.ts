// Faults of single pods and their nodes: a Node is deleted and returns, a pod ends by itself, a pod is
// quarantined by another label.

import { setTimeout as delay } from 'node:timers/promises';
import { labels } from '../common/names.ts';
import type { Administrator } from './administrator.ts';
import { type ClusterFault, persist } from './cluster-faults.ts';
import { isLive, type PodHistory } from './invariants.ts';
import type { FaultOptions } from './pool-faults.ts';
import type { Terminals } from './terminals.ts';

const quarantine = 'quarantine';
const mergePatch = 'application/merge-patch+json';

export function describePodFaults({
  world,
  transport,
  checker,
  losses,
  random,
  administrator,
  terminals,
}: FaultOptions & { administrator: Administrator; terminals: Terminals }): ClusterFault[] {
  const path = ({ name }: PodHistory) => `/api/v1/namespaces/${transport.namespace}/pods/${name}`;
  const patch = (pod: PodHistory, body: object, subresource = '') =>
    transport.request({
      method: 'PATCH',
      path: path(pod) + subresource,
      contentType: mergePatch,
      body: { ...body, metadata: { uid: pod.uid, ...(body as { metadata?: object }).metadata } },
    });

  /** A pod, usually one in use. */
  function pick(): PodHistory | undefined {
    const all = [...checker.pods.values()].filter((pod) => isLive(pod) && pod.events.at(-1)?.ready);
    const used = all.filter(({ claimedSince }) => claimedSince !== undefined);
    const from = used.length > 0 && random() < 0.7 ? used : all;
    return from[Math.floor(random() * from.length)];
  }

  async function takeNode() {
    const node = world.nodes[Math.floor(random() * world.nodes.length)]!;
    const absence = losses.takesNode(node.name);
    // Cloud controllers delete the Node of a machine that has been NotReady.
    if (random() < 0.5) {
      await node.setReady(false).catch(() => {});
      await delay(1_000 + random() * 3_000);
    }
    absence.deleted();
    await persist(() => node.remove());
    return async () => {
      await node.register();
      absence.returned();
    };
  }

  /** As when the server in the pod exits, with or without an error. */
  const endPod = (phase: 'Succeeded' | 'Failed') => async () => {
    const pod = pick();
    if (!pod) return undefined;
    losses.endsPod(pod.uid);
    terminals.wedge(pod.uid);
    const now = new Date().toISOString().replace(/\.\d+/, '');
    const notReady = (type: string) => ({ type, status: 'False', reason: 'PodCompleted', lastTransitionTime: now });
    const status = { phase, conditions: ['Ready', 'ContainersReady'].map(notReady) };
    // It may have been deleted meanwhile.
    await patch(pod, { status }, '/status').catch(() => {});
    return async () => {};
  };

  /** As `kubectl label pod … warmterm.dev/pool=quarantine --overwrite`. Later it is deleted, or labelled back. */
  async function relabel() {
    const pod = pick();
    if (!pod) return undefined;
    const former = pod.events.at(-1)?.pool;
    const label = (pool: string | undefined) => patch(pod, { metadata: { labels: { [labels.pool]: pool } } });
    if (!(await label(quarantine).catch(() => undefined))) return undefined;
    return async () => {
      if (random() < 0.3) await label(former).catch(() => {});
      else await administrator.deletePod(pod);
    };
  }

  return [
    ...(world.nodes.length > 0
      ? [{ name: 'Node deleted', lastsMs: [2_000, 18_000] as [number, number], begin: takeNode }]
      : []),
    { name: 'pod Succeeded', lastsMs: [0, 0], begin: endPod('Succeeded') },
    { name: 'pod Failed', lastsMs: [0, 0], begin: endPod('Failed') },
    { name: 'pod relabelled', lastsMs: [1_000, 12_000], begin: relabel },
  ];
}
