// A release of the chart on the real cluster that KUBECONFIG names, in a namespace of its own. WARMTERM_TEST_VALUES says,
// as `--set` does, where the images are.

import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { createTransport, type Transport } from '../../manager/cluster/transport.ts';
import { chart, helmProgram } from './helm.ts';

// What a node has to set aside for them is little, so that a test fits on a small one beside what the last has left.
const frugal = Object.fromEntries(
  ['poolDefaults', 'manager', 'webserver'].map((part) => [`${part}.resources.requests.cpu`, '5m']),
);

/** Values as `--set` takes them: `{ 'webserver.replicas': '1' }`. */
export type Values = Record<string, string>;

export type Release = {
  transport: Transport;
  namespace: string;
  /** Where a browser finds the page; ends in `/`. */
  pageUrl: string;
  hostToken: string;
  /** Changes these values, and waits until all is rolled out. */
  upgrade(values: Values): Promise<void>;
  /** What `helm test` says. Rejects when it fails. */
  test(): Promise<string>;
  uninstall(): Promise<void>;
  /** The end of what each manager and webserver has logged. */
  logs(): Promise<string[]>;
  /** Uninstalls it, and its namespace, and waits for neither. */
  discard(): Promise<void>;
};

/** Installs the chart, and waits until everything is ready. */
export async function installRelease(values: Values = {}): Promise<Release> {
  const namespace = `warmterm-test-${randomBytes(4).toString('hex')}`;
  const transport = createTransport({ namespace, deadlineMs: 20_000 });
  const helm = async (...args: string[]) =>
    (await promisify(execFile)(helmProgram ?? 'helm', [...args, '--namespace', namespace])).stdout;
  const change = (command: 'install' | 'upgrade', set: Values, ...flags: string[]) => {
    const images = process.env.WARMTERM_TEST_VALUES ?? '';
    const all = [...Object.entries({ ...frugal, ...set }).map(([name, value]) => `${name}=${value}`), images]
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
    const [service, nodes, secret] = await Promise.all([
      get<Service>(`${core}/services/warmterm-webserver`),
      get<{ items: Node[] }>('/api/v1/nodes'),
      get<Secret>(`${core}/secrets/warmterm`),
    ]);
    const node = nodes.items[0]?.status.addresses.find(({ type }) => type === 'InternalIP')?.address;
    return {
      transport,
      namespace,
      pageUrl: `http://${node}:${service.spec.ports[0]?.nodePort}/`,
      hostToken: Buffer.from(secret.data['host-token'] ?? '', 'base64').toString(),
      upgrade: async (changed) => void (await change('upgrade', { ...values, ...changed })),
      test: () => helm('test', 'warmterm'),
      uninstall: async () => void (await helm('uninstall', 'warmterm')),
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

type Service = { spec: { ports: { nodePort: number }[] } };
type Node = { status: { addresses: { type: string; address: string }[] } };
type Secret = { data: Record<string, string> };
