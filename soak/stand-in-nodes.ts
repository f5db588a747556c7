// Simulated nodes of a real cluster: this module starts and ends their pods in a kubelet's
// place. Everything else, from the scheduler to the StatefulSet controller, is the cluster's own. Only pods that tolerate the
// taint of these nodes run on them.

import { setTimeout as delay } from 'node:timers/promises';
import type { Transport } from '../manager/kubernetes/transport.ts';
import type { SoakNode } from './nodes.ts';

export const taintKey = 'warmterm.dev/soak';

const heartbeatMs = 8_000;
const lookMs = 3_000;
const mergePatch = 'application/merge-patch+json';

type RawPod = {
  metadata: { name: string; uid: string; deletionTimestamp?: string; resourceVersion: string };
  spec: { nodeName?: string; containers: { name: string; image: string }[] };
  status: { phase?: string; conditions?: unknown[] };
};
type RawEvent = { type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'ERROR'; object: RawPod };

/** Runs `nodes` for the pods of `transport`'s namespace until `signal` is aborted, then deletes them. */
export async function runStandInNodes(
  transport: Transport,
  { nodes, startMs }: { nodes: SoakNode[]; startMs: () => number },
  signal: AbortSignal,
): Promise<void> {
  const { namespace } = transport;
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  const seen = new Set<string>();
  let addresses = 0;

  await Promise.all(nodes.map((node) => node.register()));
  try {
    await Promise.all([heartbeats(), watchPods(), lookAgain()]);
  } finally {
    await Promise.all(nodes.map((node) => node.remove().catch(() => {})));
  }

  async function heartbeats(): Promise<void> {
    while (!signal.aborted) {
      await Promise.all(nodes.filter(({ works }) => works).map((node) => node.report().catch(() => {})));
      await delay(heartbeatMs, undefined, { signal }).catch(() => {});
    }
  }

  /** Handles the events that nodes missed while they were away. */
  async function lookAgain(): Promise<void> {
    while (!signal.aborted) {
      await delay(lookMs, undefined, { signal }).catch(() => {});
      await transport.request<{ items: RawPod[] }>({ method: 'GET', path: pods }).then(
        ({ items }) => items.forEach(see),
        () => {},
      );
    }
  }

  async function watchPods(): Promise<void> {
    while (!signal.aborted) {
      try {
        const list = await transport.request<{ metadata: { resourceVersion: string }; items: RawPod[] }>({
          method: 'GET',
          path: pods,
        });
        for (const pod of list.items) see(pod);
        const query = `watch=true&timeoutSeconds=240&resourceVersion=${list.metadata.resourceVersion}`;
        let rest = '';
        for await (const chunk of (await transport.stream(`${pods}?${query}`, signal)).setEncoding('utf8')) {
          const lines = (rest + chunk).split('\n');
          rest = lines.pop() ?? '';
          for (const line of lines) {
            const { type, object } = JSON.parse(line) as RawEvent;
            if (type === 'ADDED' || type === 'MODIFIED') see(object);
            if (type === 'DELETED') seen.delete(object.metadata.uid);
          }
        }
      } catch {
        await delay(500);
      }
    }
  }

  function see(pod: RawPod): void {
    const { uid, deletionTimestamp } = pod.metadata;
    if (!nodes.some(({ name, works }) => works && name === pod.spec.nodeName)) return;
    const step = `${uid} ${deletionTimestamp === undefined ? 'starts' : 'ends'}`;
    if (seen.has(step)) return;
    seen.add(step);
    // A refused request is retried at the next event or list.
    void (deletionTimestamp === undefined ? start(pod) : end(pod)).catch(() => seen.delete(step));
  }

  async function start({ metadata: { name, uid }, spec }: RawPod): Promise<void> {
    await delay(startMs(), undefined, { signal });
    const now = new Date().toISOString().replace(/\.\d+/, '');
    const podIP = `198.18.${(addresses >> 8) & 255}.${addresses++ & 255}`;
    const condition = (type: string) => ({ type, status: 'True', lastTransitionTime: now });
    const status = {
      phase: 'Running',
      startTime: now,
      podIP,
      conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map(condition),
      containerStatuses: spec.containers.map(({ name, image }) => ({
        name,
        image,
        imageID: '',
        ready: true,
        started: true,
        restartCount: 0,
        state: { running: { startedAt: now } },
      })),
    };
    const body = { metadata: { uid }, status };
    await transport.request({ method: 'PATCH', path: `${pods}/${name}/status`, contentType: mergePatch, body });
  }

  async function end({ metadata: { name, uid } }: RawPod): Promise<void> {
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0, preconditions: { uid } };
    await transport.request({ method: 'DELETE', path: `${pods}/${name}`, body });
  }
}
