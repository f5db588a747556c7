// The Node object of this machine. A kubelet registers its Node when it starts and never again (kubernetes
// pkg/kubelet/kubelet_node_status.go, registrationCompleted), so a deleted Node stays away until the kubelet restarts. This one
// registers again after a while. The pods of the node run on meanwhile, as under a kubelet.

import { gitVersion } from '../api/discovery.ts';
import { timestamp } from '../api/objects.ts';
import type { Registry } from '../api/registry.ts';
import { nodes } from '../api/resources.ts';
import { hostIP } from './pod-status.ts';

// Longer than a manager waits before it gives up the sessions of a deleted node.
const usualReturnMs = 20_000;

/** Registers the node now, and again `returnMs` after each deletion (Infinity: never). Returns how to stop. */
export function keepNode(
  registry: Registry,
  { name, returnMs = usualReturnMs, now }: { name: string; returnMs: number | undefined; now: () => number },
): () => void {
  const { store } = registry;
  let timer: NodeJS.Timeout | undefined;
  const register = () => {
    if (store.get(nodes, undefined, name)) return;
    const node = registry.create(nodes, undefined, { metadata: { name } });
    store.put(nodes, { ...node, spec: {}, status: describeStatus(name, timestamp(now())) });
  };
  register();
  const unsubscribe = store.subscribe(nodes, ({ type, object }) => {
    if (type !== 'DELETED' || object.metadata.name !== name || returnMs === Number.POSITIVE_INFINITY) return;
    clearTimeout(timer);
    timer = setTimeout(register, returnMs);
  });
  return () => {
    unsubscribe();
    clearTimeout(timer);
  };
}

const describeStatus = (name: string, time: string) => ({
  addresses: [
    { type: 'InternalIP', address: hostIP },
    { type: 'Hostname', address: name },
  ],
  conditions: [
    { type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: time, lastTransitionTime: time },
  ],
  nodeInfo: { kubeletVersion: gitVersion, operatingSystem: 'linux', architecture: process.arch },
});
