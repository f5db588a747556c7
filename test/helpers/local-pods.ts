// Pods for tests of the node: real Node processes that serve HTTP, and functions that wait for their changes.

import type { ExecutionContext } from 'ava';
import type { KubernetesObject } from '../../local/kubernetes/cluster.ts';
import { type Api, type Body, openApi, type WatchEvent } from './local-api.ts';
import { type TestCluster, writeProgram } from './local-cluster.ts';

/** Answers every path with its environment. /fail makes it unready, /crash ends it, and it prints a goodbye on SIGTERM. */
export const serverSource = `
import { createServer } from 'node:http';
let ready = true;
createServer((request, response) => {
  if (request.url === '/crash') process.exit(3);
  if (request.url === '/fail') ready = false;
  response.statusCode = request.url === '/ready' && !ready ? 503 : 200;
  response.end(JSON.stringify({ pid: process.pid, cwd: process.cwd(), uid: process.getuid(), env: process.env }));
}).listen(8080, process.env.POD_IP);
process.on('SIGTERM', () => {
  console.log('goodbye');
  process.exit(0);
});
console.log('hello from ' + process.env.POD_NAME);
`;

export type PodOptions = { env?: Body[]; container?: Body; spec?: Body; labels?: Body; annotations?: Body };

export function serverPod(
  name: string,
  command: string[],
  { env = [], container = {}, spec = {}, labels = {}, annotations = {} }: PodOptions = {},
): Body {
  const fromPod = (fieldPath: string) => ({ valueFrom: { fieldRef: { fieldPath } } });
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels, annotations },
    spec: {
      terminationGracePeriodSeconds: 5,
      containers: [
        {
          name: 'server',
          image: 'ignored',
          command,
          env: [
            { name: 'POD_NAME', ...fromPod('metadata.name') },
            { name: 'POD_IP', ...fromPod('status.podIP') },
            ...env,
          ],
          ports: [{ name: 'http', containerPort: 8080 }],
          readinessProbe: { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 1, failureThreshold: 1 },
          ...container,
        },
      ],
      ...spec,
    },
  };
}

export const isReady = ({ object }: WatchEvent): boolean =>
  object.status?.conditions?.some((one: Body) => one.type === 'Ready' && one.status === 'True') ?? false;

export type Node = {
  api: Api;
  create: (object: Body) => Promise<KubernetesObject>;
  /** The first event about a pod, past or future, for which `holds` is true. */
  until: (name: string, holds: (event: WatchEvent) => boolean) => Promise<WatchEvent>;
  core: string;
  server: string[];
};

/** The API of `cluster` with a watch of its pods, and the program of `serverPod`. */
export async function openNode(t: ExecutionContext, cluster: TestCluster): Promise<Node> {
  const api = await openApi(cluster.kubeconfig);
  const core = `/api/v1/namespaces/${cluster.namespace}`;
  const watch = api.watch(`${core}/pods?watch=1&timeoutSeconds=100`);
  t.teardown(() => watch.stop());
  const server = await writeProgram(t, serverSource);
  return {
    api,
    core,
    server,
    create: (object) => cluster.create(object),
    until: (name, holds) => watch.until((event) => event.object.metadata?.name === name && holds(event)),
  };
}

/** The answer of a server at `host:port`. */
export const ask = async (host: string, path = '/', port = 8080): Promise<Body> =>
  (await fetch(`http://${host}:${port}${path}`, { headers: { connection: 'close' } })).json() as Promise<Body>;
