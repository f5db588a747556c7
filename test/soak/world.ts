// The cluster that a soak is run on, as far as it matters which: the stand-in of this machine, or a real one.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { managerAudience } from '../../common/names.ts';
import { startLocalCluster } from '../../local/cluster.ts';
import { describePool } from '../../local/pool.ts';
import { silent } from '../helpers/manager.ts';

export type World = {
  name: string;
  /** File of the kubeconfig that leads to the API server itself. */
  kubeconfig: string;
  namespace: string;
  /** Makes the pool. */
  createPool(settings: Record<string, string>): Promise<void>;
  /** A webserver's token for the managers. */
  webserverToken(): Promise<string>;
  /** The token that a pod would find in its volume. */
  podToken(pod: { name: string; uid: string }): Promise<string>;
  close(): Promise<void>;
};

// About what a terminal takes that is a process.
const startMs = 400;

/** The stand-in, with hollow pods: no processes, all else is as with `npm start`. */
export async function startLocalWorld(directory: string): Promise<World> {
  mkdirSync(directory, { recursive: true });
  const cluster = await startLocalCluster({
    directory: join(directory, 'cluster'),
    log: silent,
    node: 'hollow',
    hollowStartMs: startMs,
  });
  const { kubeconfig, namespace } = cluster;
  const mint = (serviceAccount: string, pod?: { name: string; uid: string }) =>
    cluster.mintToken({ serviceAccount, audience: managerAudience, ...(pod && { pod }) });
  return {
    name: 'the stand-in of this machine, pods without processes',
    kubeconfig,
    namespace,
    async createPool(settings) {
      await cluster.create(describePool({ name: 'default', namespace, replicas: 0, settings, args: [], env: {} }));
    },
    webserverToken: async () => mint('warmterm-webserver'),
    podToken: async (pod) => mint('warmterm-terminal', pod),
    close: () => cluster.close(),
  };
}
