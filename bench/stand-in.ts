// The stand-in for Kubernetes with pods that have no processes, and the real manager over it.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { requestJson } from '../common/http/client.ts';
import { paths } from '../common/manager-api.ts';
import { noAddressLimits } from '../local/pool.ts';
import { readIssuer } from '../manager/api/token-claims.ts';
import { createTransport } from '../manager/kubernetes/transport.ts';
import { ingressTemplate } from '../test/helpers/route-templates.ts';
import { startManager, writeSigningKey } from './manager-process.ts';
import type { Done, Order } from './stand-in-process.ts';
import { ask, until } from './tools.ts';

const processFile = fileURLToPath(new URL('stand-in-process.ts', import.meta.url));
const patienceMs = 600_000;

/** A pool of a fixed size. No client connects to its terminals. */
const fixedPool = (size: number) => ({
  spare: '0',
  min: String(size),
  max: String(size),
  connectTimeout: '1h',
  ...noAddressLimits,
});

/** The stand-in with a pool of `size` pods, and no manager. Sets KUBECONFIG. */
export async function startStandInCluster(directory: string, size: number, settings: Record<string, string> = {}) {
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
  const pool = { name: 'default', replicas: size, settings: { ...fixedPool(size), ...settings } };
  await order({ does: 'pool', pool });
  return {
    url,
    kubeconfig,
    namespace,
    token,
    transport,
    order,
    async close() {
      transport.close();
      await order({ does: 'close' });
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}

export type StandIn = Awaited<ReturnType<typeof startStandIn>>;

/** A pool of `size` pods that are created at once, and a manager. Pods use routes if there are more of them than node ports. */
export async function startStandIn(directory: string, size: number, settings: Record<string, string> = {}) {
  const cluster = await startStandInCluster(directory, size, settings);
  const { url, kubeconfig, namespace, token, transport, order } = cluster;
  const template = join(directory, 'route.json');
  writeFileSync(template, JSON.stringify(ingressTemplate));
  const routed = size > 2_768;
  const env: Record<string, string> = routed
    ? { WARMTERM_EXPOSURE: 'ingress', WARMTERM_ROUTE_TEMPLATE_FILE: template }
    : {};
  const manager = await startManager({ directory, kubeconfig, signingKey: writeSigningKey(directory), env });
  const managerUrl = manager.url;

  const call = { token, deadlineMs: 30_000 };
  /** The number of objects of a kind. */
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
  const ready = async (): Promise<boolean> => (await manager.readyTerminals()) === size;
  let visitors = 0;

  return {
    url,
    kubeconfig,
    transport,
    namespace,
    managerUrl,
    /** Of the tokens of services. */
    issuer: readIssuer(token),
    metrics: manager.metrics,
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
    /** Stops the manager and starts it again, with another kubeconfig if one is given. Milliseconds until it is ready. */
    restart: manager.restart,
    async close() {
      await manager.stop();
      await cluster.close();
    },
  };
}
