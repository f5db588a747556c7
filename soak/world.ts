// The cluster of a soak, as an interface: the stand-in of this machine, or a real one.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { managerAudience } from '../common/names.ts';
import { startLocalCluster } from '../local/kubernetes/cluster.ts';
import { describePool } from '../local/pool.ts';
import { createTransport } from '../manager/kubernetes/transport.ts';
import { silent } from '../test/helpers/manager.ts';
import { poolName } from './invariants.ts';
import { createNode, type SoakNode } from './nodes.ts';

export type World = {
  name: string;
  /** File of the kubeconfig of the API server itself. */
  kubeconfig: string;
  namespace: string;
  /** The nodes that may be deleted and return. Pods run on others, too. */
  nodes: SoakNode[];
  /** Creates the pool, or a second StatefulSet with its label and another `name`. */
  createPool(settings: Record<string, string>, name?: string): Promise<void>;
  /** A webserver's token for the managers. */
  webserverToken(): Promise<string>;
  /** The token that a pod would find in its volume. */
  podToken(pod: { name: string; uid: string }): Promise<string>;
  close(): Promise<void>;
};

// About the start time of a terminal that has a process.
const startMs = 400;

/** The stand-in, with hollow pods: they have no processes. Everything else is as with `npm start`. */
export async function startLocalWorld(directory: string): Promise<World> {
  mkdirSync(directory, { recursive: true });
  const cluster = await startLocalCluster({
    directory: join(directory, 'cluster'),
    log: silent,
    node: 'hollow',
    hollowStartMs: startMs,
  });
  const { kubeconfig, namespace } = cluster;
  process.env.KUBECONFIG = kubeconfig;
  const transport = createTransport({ namespace, deadlineMs: 10_000 });
  const node = createNode(transport, { name: 'second', address: '127.0.0.1', object: {} });
  await node.register();
  const mint = (serviceAccount: string, pod?: { name: string; uid: string }) =>
    cluster.mintToken({ serviceAccount, audience: managerAudience, ...(pod && { pod }) });
  return {
    name: 'the stand-in of this machine, pods without processes',
    kubeconfig,
    namespace,
    nodes: [node],
    async createPool(settings, name) {
      await cluster.create(describeSet(namespace, settings, name));
    },
    webserverToken: async () => mint('warmterm-webserver'),
    podToken: async (pod) => mint('warmterm-terminal', pod),
    async close() {
      transport.close();
      await cluster.close();
    },
  };
}

// A second set starts with pods, so that it collides with the first.
const copyReplicas = 3;

/** The StatefulSet of the pool, empty as the chart creates it; or a second one with its label. */
export function describeSet(namespace: string, settings: Record<string, string>, name = poolName) {
  const replicas = name === poolName ? 0 : copyReplicas;
  const set = describePool({ name: poolName, namespace, replicas, settings, args: [], env: {} });
  return { ...set, metadata: { ...set.metadata, name }, spec: { ...set.spec, serviceName: name } };
}
