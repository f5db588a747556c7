// The stand-in for Kubernetes with pods that are no processes, and the real manager over it.

import { fork } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { requestJson } from '../../common/http/client.ts';
import { paths } from '../../common/manager-api.ts';
import { freePort } from '../../local/ports.ts';
import { superviseService } from '../../local/supervisor.ts';
import { createTransport } from '../../manager/cluster/transport.ts';
import { silent } from '../helpers/manager.ts';
import { ingressTemplate } from '../helpers/route-templates.ts';
import { readMetrics } from './metrics.ts';
import type { Done, Order } from './stand-in-process.ts';
import { ask, until } from './tools.ts';

const managerFile =
  process.env.WARMTERM_BENCH_MANAGER ?? fileURLToPath(new URL('../../dist/manager.mjs', import.meta.url));
const processFile = fileURLToPath(new URL('stand-in-process.ts', import.meta.url));
const patienceMs = 600_000;

export type StandIn = Awaited<ReturnType<typeof startStandIn>>;

/** A pool of `size` pods that are made at once, and a manager. More pods than there are node ports have routes. */
export async function startStandIn(directory: string, size: number, settings: Record<string, string> = {}) {
  mkdirSync(directory, { recursive: true });
  const child = fork(processFile, { execArgv: ['--import=tsx'] });
  const order = (what: Order) => ask<Done>(child, what);
  const { url, kubeconfig, namespace, token } = (await order({
    does: 'start',
    directory: join(directory, 'cluster'),
    startMs: 1,
  })) as Required<Done>;
  process.env.KUBECONFIG = kubeconfig;
  const transport = createTransport({ deadlineMs: 30_000 });

  const key = join(directory, 'key.pem');
  writeFileSync(key, generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const template = join(directory, 'route.json');
  writeFileSync(template, JSON.stringify(ingressTemplate));
  const routed = size > 2_768;
  const exposure: Record<string, string> = routed
    ? { WARMTERM_EXPOSURE: 'ingress', WARMTERM_ROUTE_TEMPLATE_FILE: template }
    : {};
  const [port, metricsPort] = [await freePort(), await freePort()];
  const managerUrl = `http://127.0.0.1:${port}`;
  const start = (through: string) =>
    superviseService({
      name: 'manager',
      args: [managerFile],
      env: {
        HOST: '127.0.0.1',
        PORT: String(port),
        METRICS_PORT: String(metricsPort),
        KUBECONFIG: through,
        WARMTERM_SIGNING_KEY_FILE: key,
        LOG_LEVEL: 'warn',
        ...exposure,
      },
      logFile: join(directory, 'manager.log'),
      log: silent,
    });
  const fixed = { spare: '0', min: String(size), max: String(size), ...settings };
  await order({ does: 'pool', pool: { name: 'default', replicas: size, settings: fixed } });
  let manager = start(kubeconfig);

  const call = { token, deadlineMs: 30_000 };
  const answers = (path: string) => () =>
    fetch(managerUrl + path).then(
      ({ ok }) => ok,
      () => false,
    );
  const metrics = () => readMetrics(`http://127.0.0.1:${metricsPort}/metrics`);
  /** How many there are of a kind. */
  const count = async (path: string): Promise<number> => {
    type List = { items: unknown[]; metadata: { remainingItemCount?: number } };
    const { items, metadata } = await transport.request<List>({ method: 'GET', path: `${path}?limit=1` });
    return items.length + (metadata.remainingItemCount ?? 0);
  };
  const exposed = async (): Promise<boolean> => {
    const services = await count(`/api/v1/namespaces/${namespace}/services`);
    if (services < size || !routed) return services >= size;
    return (await count(`/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses`)) >= size;
  };
  const ready = async (): Promise<boolean> =>
    (await metrics().catch(() => undefined))?.get('warmterm_pool_terminals{pool="default",state="ready"}') === size;
  let visitors = 0;

  return {
    url,
    kubeconfig,
    transport,
    namespace,
    metrics,
    /** Waits until every pod is Ready and can be reached. */
    allReady: () => until(async () => (await ready()) && (await exposed()), 50, patienceMs),
    stir: (perSecond: number) => order({ does: 'stir', perSecond }),
    /** Claims as a new visitor, whose name it returns. */
    async claim(): Promise<string> {
      const visitor = `bench-visitor-${String(visitors++).padStart(8, '0')}`;
      await requestJson({ ...call, method: 'POST', url: managerUrl + paths.terminals, body: { visitor } });
      return visitor;
    },
    /** Ends the terminals of these visitors, a few at a time. */
    async end(visitors: string[]): Promise<void> {
      const left = visitors.values();
      const endOneByOne = async () => {
        for (const visitor of left) {
          await requestJson({ ...call, method: 'DELETE', url: `${managerUrl}${paths.terminals}/${visitor}` });
        }
      };
      await Promise.all(Array.from({ length: 16 }, endOneByOne));
    },
    /** Ends the manager and starts it again, by another way to Kubernetes if one is given. Milliseconds until it is ready. */
    async restart(through = kubeconfig): Promise<number> {
      await manager.stop();
      manager = start(through);
      const startedAt = performance.now();
      await until(answers('/readyz'), 5, patienceMs);
      return performance.now() - startedAt;
    },
    async close() {
      await manager.stop();
      transport.close();
      await order({ does: 'close' });
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}
