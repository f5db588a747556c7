// A namespace of the real cluster that KUBECONFIG names, with a pool of pretended pods (see pretend-node.ts) and no manager.

import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { managerAudience } from '../common/names.ts';
import { describePool, noAddressLimits } from '../local/pool.ts';
import { createTransport, type Transport } from '../manager/kubernetes/transport.ts';
import type { Order } from './pretend-node-process.ts';
import { ask, until } from './tools.ts';

const patienceMs = 300_000;
/** The service account whose token claims terminals. */
export const account = 'warmterm-webserver';

export type PretendCluster = Awaited<ReturnType<typeof startPretendCluster>>;

export async function startPretendCluster(purpose: string, poolSize: number) {
  const namespace = `warmterm-${purpose}-${randomBytes(3).toString('hex')}`;
  const transport = createTransport({ namespace, deadlineMs: 30_000 });
  await transport.request({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name: namespace } } });
  const node = fork(fileURLToPath(new URL('pretend-node-process.ts', import.meta.url)), {
    execArgv: ['--import=tsx'],
  });
  /** Resolves once the node has executed it. */
  const order = (what: Order) => ask<Order['does']>(node, what);
  const count = async (kind: 'pods' | 'services'): Promise<number> => {
    const path = `/api/v1/namespaces/${namespace}/${kind}?labelSelector=warmterm.dev/pool`;
    return (await transport.request<{ items: unknown[] }>({ method: 'GET', path })).items.length;
  };
  const close = async () => {
    await transport.request({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}` });
    await until(async () => (await count('pods')) === 0, 500, patienceMs).catch(() => {});
    await order({ does: 'close' }).catch(() => {});
    transport.close();
  };
  try {
    await order({ does: 'start', namespace });
    await createPool(transport, poolSize);
    const token = await createToken(transport);
    return { transport, namespace, token, order, count, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The pool's pods run on the node that has the name of the namespace. */
async function createPool(transport: Transport, size: number): Promise<void> {
  const { namespace } = transport;
  const settings = {
    spare: '0',
    min: String(size),
    max: String(size),
    connectTimeout: '1h',
    ...noAddressLimits,
  };
  const pool = describePool({ name: 'default', namespace, replicas: size, settings, args: [], env: {} });
  const [container] = pool.spec.template.spec.containers;
  const { name, ports } = container!;
  const spec = {
    nodeName: namespace,
    automountServiceAccountToken: false,
    containers: [{ name, image: 'pretended', ports }],
  };
  const template = { ...pool.spec.template, spec };
  const body = { ...pool, spec: { ...pool.spec, template } };
  await transport.request({ method: 'POST', path: `/apis/apps/v1/namespaces/${namespace}/statefulsets`, body });
}

async function createToken(transport: Transport): Promise<string> {
  const accounts = `/api/v1/namespaces/${transport.namespace}/serviceaccounts`;
  await transport.request({ method: 'POST', path: accounts, body: { metadata: { name: account } } });
  const { status } = await transport.request<{ status: { token: string } }>({
    method: 'POST',
    path: `${accounts}/${account}/token`,
    body: { spec: { audiences: [managerAudience], expirationSeconds: 3_600 } },
  });
  return status.token;
}
