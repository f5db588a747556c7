// Nodes that a soak deletes and restores: Node objects for which the soak acts as the kubelet.

import { type Transport, unless } from '../manager/kubernetes/transport.ts';

const mergePatch = 'application/merge-patch+json';

export type SoakNode = {
  name: string;
  /** Whether its kubelet is active. A node that is deleted, or was set NotReady, neither starts nor ends pods. */
  readonly works: boolean;
  /** Repeats its last state to the API server: the kubelet's heartbeat. */
  report(): Promise<void>;
  /** Set by its kubelet, or after missed heartbeats. */
  setReady(ready: boolean): Promise<void>;
  /** As `kubectl delete node`, or a cloud controller whose machine is gone. */
  remove(): Promise<void>;
  /** Its kubelet registers it, at first or again. */
  register(): Promise<void>;
};

/** A node named `name`, not yet registered. `object` is the rest of the Node, `address` the address of its pods. */
export function createNode(
  transport: Transport,
  { name, address, object }: { name: string; address: string; object: { labels?: object; spec?: object } },
): SoakNode {
  const path = `/api/v1/nodes/${name}`;
  let registered = false;
  let ready = true;
  const report = async () => {
    const body = { status: describeStatus(address, ready) };
    await transport.request({ method: 'PATCH', path: `${path}/status`, contentType: mergePatch, body });
  };
  return {
    name,
    get works() {
      return registered && ready;
    },
    report,
    async setReady(to) {
      ready = to;
      await report();
    },
    async remove() {
      registered = false;
      await unless([404], transport.request({ method: 'DELETE', path }));
    },
    async register() {
      ready = true;
      const { labels = {}, spec = {} } = object;
      const body = { kind: 'Node', apiVersion: 'v1', metadata: { name, labels }, spec };
      // An earlier attempt may have succeeded without an answer.
      await unless([409], transport.request({ method: 'POST', path: '/api/v1/nodes', body }));
      await report();
      registered = true;
    },
  };
}

function describeStatus(address: string, ready: boolean) {
  const now = new Date().toISOString().replace(/\.\d+/, '');
  const room = { cpu: '64', memory: '256Gi', pods: '250' };
  const condition = {
    type: 'Ready',
    status: ready ? 'True' : 'False',
    reason: 'StandIn',
    message: '',
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  };
  return {
    capacity: room,
    allocatable: room,
    addresses: [{ type: 'InternalIP', address }],
    conditions: [condition],
  };
}
