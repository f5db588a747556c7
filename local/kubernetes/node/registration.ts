// The Node object of this machine. A kubelet registers its Node when it starts and never again, so that a Node that is deleted
// stays away until its kubelet is restarted (kubernetes pkg/kubelet/kubelet_node_status.go, registrationCompleted). This
// one is restarted by itself. The node's pods run on meanwhile, as they do under a kubelet.

import { readFile } from 'node:fs/promises';
import { release } from 'node:os';
import { kubeletVersion } from '../api/discovery.ts';
import { timestamp } from '../api/objects.ts';
import type { Registry } from '../api/registry.ts';
import { nodes } from '../api/resources.ts';

// Longer than a manager waits before it gives up the sessions of a deleted node, so that this can be seen.
const usualReturnMs = 20_000;

/** Registers the node now, and again `returnMs` after each time that it is deleted (Infinity: never). Returns how to stop. */
export async function keepNode(
  registry: Registry,
  { name, returnMs = usualReturnMs, now }: { name: string; returnMs: number | undefined; now: () => number },
): Promise<() => void> {
  const { store } = registry;
  const osRelease = await readFile('/etc/os-release', 'utf8').catch(() => '');
  let timer: NodeJS.Timeout | undefined;
  const register = () => {
    if (store.get(nodes, undefined, name)) return;
    store.put(nodes, {
      ...registry.create(nodes, undefined, { metadata: { name } }),
      ...nodeFacts(name, osRelease, now()),
    });
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

function nodeFacts(
  name: string,
  osRelease: string,
  now: number,
): { kind: string; apiVersion: string; spec: object; status: object } {
  const time = timestamp(now);
  return {
    kind: 'Node',
    apiVersion: 'v1',
    spec: {},
    status: {
      addresses: [
        { type: 'InternalIP', address: '127.0.0.1' },
        { type: 'Hostname', address: name },
      ],
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          lastHeartbeatTime: time,
          lastTransitionTime: time,
          reason: 'KubeletReady',
          message: 'this process is the node',
        },
      ],
      nodeInfo: {
        kubeletVersion,
        osImage: /^PRETTY_NAME="?([^"\n]+)/m.exec(osRelease)?.[1] ?? 'Linux',
        kernelVersion: release(),
        containerRuntimeVersion: 'processes://1',
        operatingSystem: 'linux',
        architecture: process.arch,
      },
    },
  };
}
