// Nodes of a real cluster that are not there: their pods become Ready, and end, by what is written here in a kubelet's
// place. Everything else, from the scheduler to the StatefulSet controller, is the cluster's own. Only what tolerates their
// taint comes to them.

import { setTimeout as delay } from 'node:timers/promises';
import type { Transport } from '../../manager/cluster/transport.ts';

export const taintKey = 'warmterm.dev/soak';

const heartbeatMs = 8_000;
const mergePatch = 'application/merge-patch+json';

type RawPod = {
  metadata: { name: string; uid: string; deletionTimestamp?: string; resourceVersion: string };
  spec: { nodeName?: string; containers: { name: string; image: string }[] };
  status: { phase?: string };
};
type RawEvent = { type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'ERROR'; object: RawPod };

/** Runs `names` as nodes for the pods of `transport`'s namespace until `signal` is aborted, and then takes them away. */
export async function runStandInNodes(
  transport: Transport,
  { names, startMs }: { names: string[]; startMs: () => number },
  signal: AbortSignal,
): Promise<void> {
  const { namespace } = transport;
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  const seen = new Set<string>();
  let addresses = 0;

  await Promise.all(names.map((name) => createNode(transport, name)));
  try {
    await Promise.all([heartbeats(), watchPods()]);
  } finally {
    await Promise.all(
      names.map((name) => transport.request({ method: 'DELETE', path: `/api/v1/nodes/${name}` }).catch(() => {})),
    );
  }

  async function heartbeats(): Promise<void> {
    while (!signal.aborted) {
      await Promise.all(names.map((name) => transport.request(statusOf(name)).catch(() => {})));
      await delay(heartbeatMs, undefined, { signal }).catch(() => {});
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
    if (pod.spec.nodeName === undefined || !names.includes(pod.spec.nodeName)) return;
    const step = `${uid} ${deletionTimestamp === undefined ? 'starts' : 'ends'}`;
    if (seen.has(step)) return;
    seen.add(step);
    // Whatever refuses it is asked again by the next event, or by the next list.
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

async function createNode(transport: Transport, name: string): Promise<void> {
  const body = {
    kind: 'Node',
    apiVersion: 'v1',
    metadata: { name, labels: { [taintKey]: transport.namespace } },
    spec: { taints: [{ key: taintKey, value: transport.namespace, effect: 'NoSchedule' }] },
  };
  await transport.request({ method: 'POST', path: '/api/v1/nodes', body });
  await transport.request(statusOf(name));
}

function statusOf(name: string) {
  const now = new Date().toISOString().replace(/\.\d+/, '');
  const room = { cpu: '64', memory: '256Gi', pods: '250' };
  const status = {
    capacity: room,
    allocatable: room,
    // Of those that are kept for benchmarks: nobody is to go there.
    addresses: [{ type: 'InternalIP', address: '198.18.0.1' }],
    conditions: [
      {
        type: 'Ready',
        status: 'True',
        reason: 'StandIn',
        message: '',
        lastHeartbeatTime: now,
        lastTransitionTime: now,
      },
    ],
  };
  return {
    method: 'PATCH' as const,
    path: `/api/v1/nodes/${name}/status`,
    contentType: mergePatch,
    body: { status },
  };
}
