// A fake node of a real cluster: a fake kubelet reports its pods as Ready or gone at once. The
// StatefulSet controller sends at most twenty requests a second by default; so this also
// creates pods itself, to refill a pool as fast as it is used up.

import { setTimeout as delay } from 'node:timers/promises';
import type { Transport } from '../manager/kubernetes/transport.ts';
import { unless } from '../manager/kubernetes/transport.ts';
import { listAndWatch } from '../manager/kubernetes/watch.ts';
import { silent } from '../test/helpers/manager.ts';

type Metadata = {
  name: string;
  uid: string;
  deletionTimestamp?: string;
  labels: Record<string, string>;
  annotations?: Record<string, string>;
};
type Pod = {
  metadata: Metadata & { ownerReferences?: object[] };
  spec: { nodeName?: string };
  status: { conditions?: { type: string; status: string }[] };
};

const mergePatch = 'application/merge-patch+json';
const heartbeatMs = 10_000;

/** Whether a pod's session is over, by its annotations. Such a pod is deleted, as if its visitor had left. */
export type IsOver = (metadata: Metadata) => boolean;

export type PretendNode = { name: string; setOver(isOver: IsOver): void; close(): Promise<void> };

/** A node that accepts only pods bound to it by name. */
export async function startPretendNode(transport: Transport, name: string): Promise<PretendNode> {
  const { namespace } = transport;
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  const nodes = '/api/v1/nodes';
  const abort = new AbortController();
  let isOver: IsOver = () => false;

  await transport.request({
    method: 'POST',
    path: nodes,
    body: { metadata: { name }, spec: { taints: [{ key: 'warmterm.dev/pretended', effect: 'NoSchedule' }] } },
  });
  const beat = async () => {
    const now = new Date().toISOString();
    const ready = {
      type: 'Ready',
      status: 'True',
      reason: 'Pretended',
      lastHeartbeatTime: now,
      lastTransitionTime: now,
    };
    const status = {
      addresses: [{ type: 'InternalIP', address: '192.0.2.1' }],
      allocatable: { cpu: '1000', memory: '1000Gi', pods: '10000' },
      conditions: [ready],
    };
    await transport.request({
      method: 'PATCH',
      path: `${nodes}/${name}/status`,
      contentType: mergePatch,
      body: { status },
    });
  };
  await beat();
  const beating = (async () => {
    for (;;) {
      await delay(heartbeatMs, undefined, { signal: abort.signal }).catch(() => {});
      if (abort.signal.aborted) return;
      await beat().catch(() => {});
    }
  })();

  const makeReady = ({ metadata }: Pod) => {
    const now = new Date().toISOString();
    const condition = (type: string) => ({ type, status: 'True', lastTransitionTime: now });
    const body = {
      metadata: { uid: metadata.uid },
      status: {
        phase: 'Running',
        podIP: '192.0.2.2',
        conditions: ['Initialized', 'Ready', 'ContainersReady'].map(condition),
      },
    };
    return transport.request({
      method: 'PATCH',
      path: `${pods}/${metadata.name}/status`,
      contentType: mergePatch,
      body,
    });
  };
  const replace = async ({ metadata, spec }: Pod) => {
    const preconditions = { uid: metadata.uid };
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0, preconditions };
    await transport.request({ method: 'DELETE', path: `${pods}/${metadata.name}`, body });
    const { name, ownerReferences } = metadata;
    const labels = { ...metadata.labels, 'warmterm.dev/claimed': 'false' };
    const fresh = { metadata: { name, ownerReferences, labels, annotations: { pretended: 'true' } }, spec };
    await transport.request({ method: 'POST', path: pods, body: fresh });
  };
  const known = new Map<string, Pod>();
  const acted = new Set<string>();
  const act = (pod: Pod) => {
    const { uid, deletionTimestamp } = pod.metadata;
    if (pod.spec.nodeName !== name) return;
    const over = deletionTimestamp !== undefined || isOver(pod.metadata);
    const ready = pod.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
    const key = `${uid} ${over}`;
    if ((!over && ready) || acted.has(key)) return;
    acted.add(key);
    // Another client made this change, or the watch will report it again.
    unless([403, 404, 409, 422], over ? replace(pod) : makeReady(pod)).catch(() => acted.delete(key));
  };
  const watching = listAndWatch(
    {
      transport,
      path: pods,
      labelSelector: 'warmterm.dev/pool',
      log: silent,
      onObject(podName, raw) {
        if (!raw) return void known.delete(podName);
        known.set(podName, raw as unknown as Pod);
        act(raw as unknown as Pod);
      },
      onBroken: () => {},
      onListed: () => {},
    },
    abort.signal,
  );
  return {
    name,
    setOver(over) {
      isOver = over;
      for (const pod of known.values()) act(pod);
    },
    async close() {
      abort.abort();
      await Promise.all([beating, watching]);
      await transport.request({ method: 'DELETE', path: `${nodes}/${name}` });
    },
  };
}
