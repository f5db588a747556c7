// Nodes that a soak deletes and has return: Node objects of which the soak plays the kubelet's part.

import { type Transport, unless } from '../manager/kubernetes/transport.ts';

const mergePatch = 'application/merge-patch+json';

export type SoakNode = {
  name: string;
  /** Whether its kubelet is at work. A node that is deleted, or was set NotReady, neither starts nor ends pods. */
  readonly works: boolean;
  /** Tells the API server that it is as it was last set: the kubelet's heartbeat. */
  report(): Promise<void>;
  /** Its kubelet says so, or has not been heard for a while. */
  setReady(ready: boolean): Promise<void>;
  /** As `kubectl delete node`, or a cloud controller that finds the machine gone. */
  remove(): Promise<void>;
  /** Its kubelet registers it, or registers it again. */
  register(): Promise<void>;
};

/** A node by the name `name`, not yet registered. `object` is the rest of the Node, `address` where its pods are reached. */
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
      // A former attempt may have succeeded without an answer.
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
