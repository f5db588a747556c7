// A real cluster as a soak's world: a namespace of its own, and two stand-in nodes for its pods.

import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { mkdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { managerAudience } from '../common/names.ts';
import { createTransport } from '../manager/kubernetes/transport.ts';
import { createNode } from './nodes.ts';
import { runStandInNodes, taintKey } from './stand-in-nodes.ts';
import { describeSet, type World } from './world.ts';

const tokenSeconds = 4 * 3_600;
// About the time that a kubelet takes for a small image that is already pulled.
const startMs = () => 500 + Math.random() * 1_500;

/** Makes everything that a soak needs on the cluster that `kubeconfig` names. */
export async function startClusterWorld(kubeconfig: string, directory: string): Promise<World> {
  mkdirSync(directory, { recursive: true });
  process.env.KUBECONFIG = kubeconfig;
  const namespace = `warmterm-soak-${randomBytes(3).toString('hex')}`;
  const transport = createTransport({ namespace, deadlineMs: 20_000 });
  const core = `/api/v1/namespaces/${namespace}`;
  const post = (path: string, body: object) => transport.request<unknown>({ method: 'POST', path, body });
  const v1 = { apiVersion: 'v1' };

  await post('/api/v1/namespaces', { ...v1, kind: 'Namespace', metadata: { name: namespace } });
  for (const name of ['warmterm-webserver', 'warmterm-terminal'])
    await post(`${core}/serviceaccounts`, { ...v1, kind: 'ServiceAccount', metadata: { name } });
  const over = new AbortController();
  // Each starting pod adds a listener.
  setMaxListeners(0, over.signal);
  const nodes = [0, 1].map((each) =>
    createNode(transport, {
      name: `${namespace}-${each}`,
      // Nodes that are reserved for benchmarks must get no pods.
      address: '198.18.0.1',
      object: {
        labels: { [taintKey]: namespace },
        spec: { taints: [{ key: taintKey, value: namespace, effect: 'NoSchedule' }] },
      },
    }),
  );
  const running = runStandInNodes(transport, { nodes, startMs }, over.signal);
  running.catch(() => {});

  const askForToken = async (serviceAccount: string, pod?: { name: string; uid: string }) => {
    const boundObjectRef = pod && { kind: 'Pod', apiVersion: 'v1', ...pod };
    const spec = { audiences: [managerAudience], expirationSeconds: tokenSeconds, ...(pod && { boundObjectRef }) };
    const request = { kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1', spec };
    const answer = await post(`${core}/serviceaccounts/${serviceAccount}/token`, request);
    return (answer as { status: { token: string } }).status.token;
  };

  return {
    name: 'a real cluster, pods on stand-in nodes',
    kubeconfig,
    namespace,
    nodes,
    async createPool(settings, name) {
      const set = describeSet(namespace, settings, name);
      const { template } = set.spec;
      const onOurs = {
        nodeSelector: { [taintKey]: namespace },
        tolerations: [{ key: taintKey, value: namespace, effect: 'NoSchedule' }],
      };
      await post(`/apis/apps/v1/namespaces/${namespace}/statefulsets`, {
        ...set,
        spec: { ...set.spec, template: { ...template, spec: { ...template.spec, ...onOurs } } },
      });
    },
    webserverToken: () => askForToken('warmterm-webserver'),
    podToken: (pod) => askForToken('warmterm-terminal', pod),
    async close() {
      const ofNamespace = { method: 'DELETE', path: `/api/v1/namespaces/${namespace}` } as const;
      await transport.request(ofNamespace).catch(() => {});
      // The nodes end the pods, so the nodes are deleted last.
      for (let tries = 0; tries < 120; tries++) {
        const left = await transport.request({ ...ofNamespace, method: 'GET' }).catch(() => undefined);
        if (left === undefined) break;
        await delay(1_000);
      }
      over.abort();
      await running.catch(() => {});
      transport.close();
    },
  };
}
