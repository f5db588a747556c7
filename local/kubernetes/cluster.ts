// A small Kubernetes in this process, for one machine: the API, the controllers, and a node whose pods are processes. It starts empty, and
// its state is lost when it closes.

import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ServiceError } from '../../common/errors.ts';
import type { Logger } from '../../common/log.ts';
import { freePort } from '../ports.ts';
import { assignAddresses, withNodePorts } from './api/addresses.ts';
import type { KubernetesObject, Pod } from './api/objects.ts';
import { checkQuotas, runQuotas } from './api/quotas.ts';
import { type Admit, Registry } from './api/registry.ts';
import { namespaces, nodes, pods, resources, services } from './api/resources.ts';
import { createRoutes } from './api/routes.ts';
import { serveApi } from './api/server.ts';
import { badRequest } from './api/status.ts';
import { Store } from './api/store.ts';
import { runGarbageCollector } from './controllers/garbage.ts';
import { runStatefulSets } from './controllers/statefulset.ts';
import { createRecorder } from './events.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { runAgent } from './node/agent.ts';
import type { BackOff } from './node/container.ts';
import { createHollowNode } from './node/hollow.ts';
import { readLog } from './node/logs.ts';
import { runNodePorts } from './node/node-ports.ts';
import { createProcessRunner, podDirectory } from './node/pod.ts';
import { createPodNetwork } from './node/pod-network.ts';
import { clusterMark } from './node/process.ts';
import { startReaper } from './node/reaper.ts';
import { keepNode } from './node/registration.ts';
import { findSandbox, type Sandbox } from './node/sandbox.ts';
import { createTokens, type FindPod } from './tokens.ts';

export type { KubernetesObject } from './api/objects.ts';

export type LocalCluster = {
  /** http://127.0.0.1:PORT of the API */
  url: string;
  /** Path of the kubeconfig. It has the administrator's token, and only its owner can read it. */
  kubeconfig: string;
  /** Exists from the start. The kubeconfig's context names it too. */
  namespace: string;
  /** How pods are isolated from each other and from this machine; or why they are not. */
  isolation: Pick<Sandbox, 'network' | 'whyNoInternet'> | { why: string };
  /** Creates an object as the API does. Throws the API's Status as an ApiError. */
  create(object: KubernetesObject): Promise<KubernetesObject>;
  /** A service account's token. It is valid for a day, or as long as the pod that it is bound to. */
  mintToken(options: { serviceAccount: string; audience: string; pod?: { name: string; uid: string } }): string;
  /** On a hollow node: changes the status of `count` pods in a way that affects no visitor. */
  stir(count: number): void;
  /** Closes the API and its connections. Pods and node ports stay. */
  stopApi(): Promise<void>;
  /** Opens it again, at the same port, with the same state. */
  startApi(): Promise<void>;
  /** Ends every pod and listener, and removes the directory. */
  close(): Promise<void>;
};

export type LocalClusterOptions = {
  /** For pods' homes, logs, tokens and the kubeconfig. It is removed at the end. */
  directory: string;
  log: Logger;
  /** `hollow`: pods are no processes, and become ready after `hollowStartMs`. */
  node?: 'processes' | 'hollow';
  hollowStartMs?: number;
  /** `auto`: bubblewrap where it works. Root cannot do without. */
  sandbox?: 'auto' | 'off';
  /** Whether pods with a network of their own get the internet, where that is possible. */
  internet?: boolean;
  namespace?: string;
  /** Grace of the pods when the cluster closes. */
  closeGraceMs?: number;
  /** How long a deleted Node object is away before its agent registers it again; Infinity: for ever. */
  nodeReturnMs?: number;
};

/** What tests make smaller. */
export type Tuning = { historySize?: number; backOff?: BackOff; now?: () => number };

const kubeletBackOff: BackOff = { first: 10_000, longest: 300_000, forgetAfter: 600_000 };
const daySeconds = 86_400;
export const nodeName = 'local';

/** Throws `invalid-config` on other systems than Linux, and where pods would run as this machine's root. */
export async function startLocalCluster(options: LocalClusterOptions, tuning: Tuning = {}): Promise<LocalCluster> {
  if (process.platform !== 'linux') {
    throw new ServiceError('invalid-config', `The embedded cluster needs Linux; this is ${process.platform}.`);
  }
  const { directory, log, node = 'processes', internet = true, namespace = 'warmterm', closeGraceMs = 2_000 } = options;
  const { now = Date.now, backOff = kubeletBackOff } = tuning;
  const isHollow = node === 'hollow';
  await mkdir(directory, { recursive: true, mode: 0o700 });

  const store = new Store(tuning.historySize);
  const network = createPodNetwork();
  const nodePorts = runNodePorts(store, { listen: !isHollow, connect: network.connect });
  const admit: Admit = (resource, next, old) => {
    checkQuotas(store, resource, next, old);
    return resource === services ? assignAddresses(nodePorts, next, old) : next;
  };
  const registry = new Registry(store, admit, now);
  const record = createRecorder(registry, now);
  const findPod: FindPod = (where, name) => {
    const pod = store.get(pods, where, name) as Pod | undefined;
    const node = store.get(nodes, undefined, pod?.spec.nodeName ?? '')?.metadata;
    return pod && { uid: pod.metadata.uid, node: node && { name: node.name, uid: node.uid } };
  };
  const tokens = createTokens(findPod, now);
  const stopControllers = [runQuotas(registry), runGarbageCollector(registry), runStatefulSets(registry, record)];

  const wanted = !isHollow && options.sandbox !== 'off';
  const found = wanted ? await findSandbox({ internet }) : { why: 'it is switched off' };
  if (wanted && 'why' in found && process.getuid?.() === 0) throw noSandboxForRoot(found.why);
  const sandbox = 'sandbox' in found ? found.sandbox : undefined;
  const clusterId = randomUUID();
  const dismissReaper = isHollow ? undefined : startReaper(`${clusterMark}=${clusterId}`);
  const hollow = isHollow ? createHollowNode(options.hollowStartMs ?? 0, now) : undefined;
  const processNode = { directory, clusterId, network, tokens, record, now, backOff, sandbox };
  const agent = runAgent({
    registry,
    runner: hollow?.run ?? createProcessRunner(processNode),
    now,
    onScheduled: (pod) => {
      if (isHollow) return;
      const message = `Successfully assigned ${pod.metadata.namespace}/${pod.metadata.name} to ${pod.spec.nodeName}`;
      record(pod, 'Normal', 'Scheduled', message, 'default-scheduler');
    },
    onFailure: (error) => log.error({ err: error }, 'cannot stop a pod completely'),
  });
  for (const name of new Set(['default', 'kube-system', namespace]))
    registry.create(namespaces, undefined, { metadata: { name } });
  const stopRegistering = keepNode(registry, { name: nodeName, returnMs: options.nodeReturnMs, now });

  const adminToken = randomBytes(24).toString('base64url');
  const logOf = (pod: Pod, query: URLSearchParams) => {
    const path = isHollow ? undefined : join(podDirectory(directory, pod.metadata.uid), 'logs');
    return readLog(pod, path, query);
  };
  const answer = createRoutes({ registry, tokens, nodePorts, readLog: logOf, now });
  let api = await serveApi({ answer, adminToken, port: await freePort(), log });
  const { port } = api;
  const url = `http://127.0.0.1:${port}`;
  const kubeconfig = join(directory, 'kubeconfig');
  await writeKubeconfig(kubeconfig, { url, token: adminToken, namespace });

  return {
    url,
    kubeconfig,
    namespace,
    isolation: 'sandbox' in found ? found.sandbox : found,
    async create(object) {
      const resource = resources.find(({ kind }) => kind === object.kind);
      if (!resource) throw badRequest(`the kind ${object.kind} is not known`);
      const where = resource.namespaced ? (object.metadata?.namespace ?? namespace) : undefined;
      return withNodePorts(nodePorts, () => registry.create(resource, where, object));
    },
    mintToken: (options) => tokens.mint({ ...options, namespace, seconds: daySeconds }),
    stir: (count) => hollow?.stir(count),
    stopApi: () => api.close(),
    async startApi() {
      api = await serveApi({ answer, adminToken, port, log });
    },
    async close() {
      for (const stop of [...stopControllers, stopRegistering]) stop();
      await agent.close(closeGraceMs);
      await Promise.all([api.close(), nodePorts.close()]);
      dismissReaper?.();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const noSandboxForRoot = (why: string) =>
  new ServiceError(
    'invalid-config',
    `This is root, and there is no sandbox: ${why}.
Every visitor would be root of this machine. Do one of these:
  install bubblewrap (Debian, Ubuntu: apt-get install bubblewrap)
  start as an ordinary user
  set WARMTERM_SANDBOX=off, if nobody but you can reach the page`,
  );
