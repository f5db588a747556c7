// A release of the chart on the real cluster that KUBECONFIG names, in its own namespace. WARMTERM_TEST_VALUES sets the
// images, in the format of `--set`.

import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { KubeConfig } from '@kubernetes/client-node';
import { noAddressLimits } from '../../local/pool.ts';
import { createTransport, type Transport } from '../../manager/kubernetes/transport.ts';
import { chart, helmProgram } from './helm.ts';

// Small requests, so that a test fits on a small node beside the remains of the test before.
const frugal = Object.fromEntries(
  ['poolDefaults', 'manager', 'webserver'].map((part) => [`${part}.resources.requests.cpu`, '5m']),
);
// All visitors of a test have one address, and connecting may take long beside other tests.
const lenient = Object.fromEntries(
  Object.entries({ ...noAddressLimits, connectTimeout: '1m' }).map(([name, value]) => [`poolDefaults.${name}`, value]),
);

/** Values as `--set` takes them: `{ 'webserver.replicas': '1' }`. */
export type Values = Record<string, string>;

export type Release = {
  transport: Transport;
  namespace: string;
  /** The URL of the page for browsers; ends in `/`. */
  pageUrl: string;
  hostToken: string;
  /** Changes these values, and waits for the rollout. Returns the output of helm. */
  upgrade(values: Values): Promise<string>;
  /** Rolls back to the first revision, and waits for the rollout. */
  rollBack(): Promise<void>;
  /** The output of `helm test`. Rejects when it fails. */
  test(): Promise<string>;
  uninstall(): Promise<void>;
  /** Sends requests as the service account of a component. */
  actAs(component: 'manager' | 'webserver' | 'terminal'): Promise<Transport>;
  /** The last log lines of each manager and webserver. */
  logs(): Promise<string[]>;
  /** Uninstalls the release and deletes its namespace, without waiting. */
  discard(): Promise<void>;
};

/** Installs the chart, and waits until all is ready. */
export async function installRelease(values: Values = {}): Promise<Release> {
  const namespace = `warmterm-test-${randomBytes(4).toString('hex')}`;
  const transport = createTransport({ namespace, deadlineMs: 20_000 });
  const helm = async (...args: string[]) =>
    (await promisify(execFile)(helmProgram ?? 'helm', [...args, '--namespace', namespace])).stdout;
  const change = (command: 'install' | 'upgrade', set: Values, ...flags: string[]) => {
    const images = process.env.WARMTERM_TEST_VALUES ?? '';
    const all = [
      ...Object.entries({ ...frugal, ...lenient, ...set }).map(([name, value]) => `${name}=${value}`),
      images,
    ]
      .filter(Boolean)
      .join(',');
    return helm(command, 'warmterm', chart, ...(all ? ['--set', all] : []), ...flags, '--wait', '--timeout', '3m');
  };
  const get = <T>(path: string) => transport.request<T>({ method: 'GET', path });
  const discard = async () => {
    await helm('uninstall', 'warmterm').catch(() => {});
    await transport.request({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}` }).catch(() => {});
    transport.close();
  };

  const readLog = async (path: string) => {
    let log = `${path}\n`;
    try {
      for await (const chunk of await transport.stream(path, AbortSignal.timeout(10_000))) log += chunk;
    } catch (error) {
      log += String(error);
    }
    return log;
  };

  try {
    await change('install', values, '--create-namespace');
    const core = `/api/v1/namespaces/${namespace}`;
    const [service, webservers, secret] = await Promise.all([
      get<Service>(`${core}/services/warmterm-webserver`),
      get<{ items: Pod[] }>(`${core}/pods?labelSelector=app.kubernetes.io/component%3Dwebserver`),
      get<Secret>(`${core}/secrets/warmterm-keys`),
    ]);
    // Use the nodes of the pods. Other nodes do not answer, because the Service keeps visitors' addresses.
    const node = webservers.items[0]?.status.hostIP;
    return {
      transport,
      namespace,
      pageUrl: `http://${node}:${service.spec.ports[0]?.nodePort}/`,
      hostToken: Buffer.from(secret.data['host-token'] ?? '', 'base64').toString(),
      upgrade: (changed) => change('upgrade', { ...values, ...changed }),
      rollBack: async () => void (await helm('rollback', 'warmterm', '1', '--wait', '--timeout', '3m')),
      test: () => helm('test', 'warmterm'),
      uninstall: async () => void (await helm('uninstall', 'warmterm')),
      actAs: (component) => impersonate(`system:serviceaccount:${namespace}:warmterm-${component}`, namespace),
      logs: async () => {
        const { items } = await get<{ items: { metadata: { name: string } }[] }>(
          `${core}/pods?labelSelector=${encodeURIComponent('app.kubernetes.io/component in (manager,webserver)')}`,
        );
        return Promise.all(items.map(({ metadata }) => readLog(`${core}/pods/${metadata.name}/log?tailLines=60`)));
      },
      discard,
    };
  } catch (error) {
    await discard();
    throw error;
  }
}

/** The reason why this cluster cannot run `what`, which needs Kubernetes 1.`minor`; undefined if it can. */
export async function whyOlder(minor: number, what: string): Promise<string | undefined> {
  const transport = createTransport({ deadlineMs: 10_000 });
  try {
    const version = await transport.request<{ minor: string }>({ method: 'GET', path: '/version' });
    const older = Number.parseInt(version.minor, 10) < minor;
    return older ? `this cluster is 1.${version.minor}, and ${what} are of 1.${minor}` : undefined;
  } finally {
    transport.close();
  }
}

/** Sends requests as the cluster's administrator who impersonates another user. */
async function impersonate(user: string, namespace: string): Promise<Transport> {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromDefault();
  kubeConfig.users = kubeConfig.users.map((administrator) => ({ ...administrator, impersonateUser: user }));
  const folder = await mkdtemp(join(tmpdir(), 'warmterm-user-'));
  const file = join(folder, 'kubeconfig');
  const own = process.env.KUBECONFIG;
  try {
    await writeFile(file, kubeConfig.exportConfig(), { mode: 0o600 });
    process.env.KUBECONFIG = file;
    // The file is read at once.
    return createTransport({ namespace, deadlineMs: 20_000 });
  } finally {
    process.env.KUBECONFIG = own;
    await rm(folder, { recursive: true });
  }
}

type Service = { spec: { ports: { nodePort: number }[] } };
type Pod = { status: { hostIP: string } };
type Secret = { data: Record<string, string> };
