// Claims in a rush, on the real cluster that KUBECONFIG names: the manager and the webserver are processes of this machine,
// the pods are pretended (see pretend-node.ts), so that the claim path is measured and not how fast a node starts pods.

import { fork } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { managerAudience } from '../../common/names.ts';
import { paths } from '../../common/terminals-api.ts';
import { describePool } from '../../local/pool.ts';
import { freePort } from '../../local/ports.ts';
import { superviseService } from '../../local/supervisor.ts';
import { createTransport, type Transport } from '../../manager/cluster/transport.ts';
import { silent } from '../helpers/manager.ts';
import { createVisitor } from '../helpers/system.ts';
import { atRandom } from './at-random.ts';
import { readMetrics } from './metrics.ts';
import type { Order } from './pretend-node-process.ts';
import { benchServed } from './served.ts';
import { type Measure, measure, quantile } from './statistics.ts';
import { ask, until } from './tools.ts';

const poolSize = 100;
const perSecond = 45;
const seconds = 60;
const probesPerSecond = 5;
const burst = 300;
const waitingAtOnce = 20;
// Visitors come at random: sometimes more than expected.
const largePool = 400;
const patienceMs = 300_000;
const account = 'warmterm-webserver';

export async function benchRush(directory: string): Promise<Measure[]> {
  mkdirSync(directory, { recursive: true });
  const namespace = `warmterm-rush-${randomBytes(3).toString('hex')}`;
  const admin = createTransport({ namespace, deadlineMs: 30_000 });
  await admin.request({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name: namespace } } });
  const node = startNode();
  const stops: (() => Promise<void>)[] = [];
  try {
    await node.order({ does: 'start', namespace });
    await createPool(admin);
    const services = await startServices(admin, directory, stops);
    const ready = (count: number) =>
      until(
        async () => (await services.metrics()).get('warmterm_pool_terminals{pool="default",state="ready"}')! >= count,
        100,
        patienceMs,
      );
    let refused = 0;
    // Whoever finds the pool empty, because this machine does not refill it in time, is counted, and waits for nothing.
    const claim = async () => {
      const visitor = createVisitor(services);
      const { status } = await visitor.call('POST', paths.terminals);
      if (status === 202) {
        refused++;
        await visitor.call('DELETE', paths.place);
      } else if (status !== 201) throw new Error(`A claim is answered with ${status}.`);
    };
    const exposed = (count: number) => until(async () => (await countServices(admin)) >= count, 100, patienceMs);
    await ready(poolSize);
    await exposed(poolSize);
    // What is loaded once, and which token is whose, is not measured.
    await claim();

    const served = await benchServed(admin, services, { size: poolSize - 1, waiting: waitingAtOnce });
    await node.order({ does: 'refill', on: true });
    await ready(poolSize);
    const before = await services.writes();
    refused = 0;
    const [rush, api] = await Promise.all([
      atRandom(claim, perSecond, seconds),
      atRandom(probeApi(admin), probesPerSecond, seconds),
    ]);
    const after = await services.writes();
    const empty = refused;

    await scale(admin, largePool);
    await ready(largePool);
    await exposed(largePool);
    await node.order({ does: 'refill', on: false });
    const undisturbed = await atRandom(claim, perSecond, burst / perSecond);
    await node.order({ does: 'refill', on: true });
    await ready(largePool);
    await node.order({ does: 'refill', on: false });
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: burst }, claim));
    const burstMs = performance.now() - startedAt;
    const claims = rush.length - empty;
    return [
      measure(`rush: claims, ${perSecond} a second at random, pool of ${poolSize}`, rush.length, ''),
      measure('rush: claim p50, page API → webserver → manager → API', quantile(rush, 0.5), 'ms'),
      measure('rush: claim p99', quantile(rush, 0.99), 'ms'),
      measure('rush: claim p50, from a pool that is not refilled', quantile(undisturbed, 0.5), 'ms'),
      measure('rush: claim p99, from a pool that is not refilled', quantile(undisturbed, 0.99), 'ms'),
      measure('rush: one bare write to the API server meanwhile, p50', quantile(api, 0.5), 'ms'),
      measure('rush: one bare write to the API server meanwhile, p99', quantile(api, 0.99), 'ms'),
      measure('rush: visitors who found the pool empty', empty, ''),
      measure('rush: API writes per claim', (after.done - before.done) / claims, ''),
      measure('rush: writes refused, per claim', (after.refused - before.refused) / claims, ''),
      measure(`rush: ${burst} claims at once, all answered`, burstMs, 'ms'),
      ...served,
    ];
  } finally {
    for (const stop of stops.reverse()) await stop();
    await admin.request({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}` });
    await until(async () => (await podsLeft(admin)) === 0, 500, patienceMs).catch(() => {});
    await node.order({ does: 'close' }).catch(() => {});
    admin.close();
  }
}

function startNode() {
  const child = fork(fileURLToPath(new URL('pretend-node-process.ts', import.meta.url)), {
    execArgv: ['--import=tsx'],
  });
  return {
    /** Resolves once it is carried out. */
    order: (order: Order) => ask<Order['does']>(child, order),
  };
}

/** The pool's pods are put on the node that is named as the namespace is. */
async function createPool(admin: Transport): Promise<void> {
  const { namespace } = admin;
  const settings = { spare: '0', min: String(poolSize), max: String(poolSize), connectTimeout: '1h' };
  const pool = describePool({ name: 'default', namespace, replicas: poolSize, settings, args: [], env: {} });
  const [container] = pool.spec.template.spec.containers;
  const { name, ports } = container!;
  const spec = {
    nodeName: namespace,
    automountServiceAccountToken: false,
    containers: [{ name, image: 'pretended', ports }],
  };
  const template = { ...pool.spec.template, spec };
  const body = { ...pool, spec: { ...pool.spec, template } };
  await admin.request({ method: 'POST', path: `/apis/apps/v1/namespaces/${namespace}/statefulsets`, body });
}

async function startServices(admin: Transport, directory: string, stops: (() => Promise<void>)[]) {
  const { namespace } = admin;
  const file = (name: string, content: string | Buffer) => {
    const path = join(directory, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  await admin.request({ method: 'POST', path: accounts, body: { metadata: { name: account } } });
  const { status } = await admin.request<{ status: { token: string } }>({
    method: 'POST',
    path: `${accounts}/${account}/token`,
    body: { spec: { audiences: [managerAudience], expirationSeconds: 3_600 } },
  });
  const key = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  const [port, pagePort, metricsPort] = [await freePort(), await freePort(), await freePort()];
  const start = (name: 'manager' | 'webserver', env: Record<string, string>) => {
    const program = fileURLToPath(new URL(`../../dist/${name}.mjs`, import.meta.url));
    const logFile = join(directory, `${name}.log`);
    const service = superviseService({
      name,
      args: [program],
      env: { HOST: '127.0.0.1', ...env },
      logFile,
      log: silent,
    });
    stops.push(() => service.stop());
  };
  start('manager', {
    PORT: String(port),
    METRICS_PORT: String(metricsPort),
    KUBECONFIG: process.env.KUBECONFIG!,
    WARMTERM_NAMESPACE: namespace,
    WARMTERM_SIGNING_KEY_FILE: file('key.pem', key),
  });
  start('webserver', {
    PORT: String(pagePort),
    WARMTERM_MANAGER_URL: `http://127.0.0.1:${port}`,
    WARMTERM_MANAGER_TOKEN_FILE: file('token', status.token),
    WARMTERM_COOKIE_SECRET_FILE: file('cookie', randomBytes(32).toString('hex')),
  });
  const metrics = () => readMetrics(`http://127.0.0.1:${metricsPort}/metrics`);
  const pageUrl = `http://127.0.0.1:${pagePort}/`;
  const answers = (url: string) =>
    fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
  await until(
    async () => (await answers(`http://127.0.0.1:${port}/readyz`)) && (await answers(`${pageUrl}readyz`)),
    50,
    patienceMs,
  );
  return {
    pageUrl,
    metrics,
    /** How many visitors wait. */
    waiting: async () => (await metrics()).get('warmterm_pool_waiting{pool="default"}') ?? 0,
    /** The manager's writes to what exists, and those of them that were refused; not the lease's (PUT), not reviews (POST). */
    async writes() {
      const all = [...(await metrics())].filter(([name]) =>
        /^warmterm_kubernetes_requests_total.*"(PATCH|DELETE)"/.test(name),
      );
      const sum = (kind: RegExp) =>
        all.filter(([name]) => kind.test(name)).reduce((total, [, count]) => total + count, 0);
      return { done: sum(/code="2/), refused: sum(/code="4/) };
    },
  };
}

/** Writes one annotation, by a connection that is kept: what the API server itself takes at the moment. */
function probeApi(admin: Transport) {
  const path = `/api/v1/namespaces/${admin.namespace}/serviceaccounts/${account}`;
  let count = 0;
  return () => {
    const body = { metadata: { annotations: { probe: String(++count) } } };
    return admin.request({ method: 'PATCH', path, contentType: 'application/merge-patch+json', body });
  };
}

async function scale(admin: Transport, size: number): Promise<void> {
  await admin.request({
    method: 'PATCH',
    path: `/apis/apps/v1/namespaces/${admin.namespace}/statefulsets/default`,
    contentType: 'application/merge-patch+json',
    body: { metadata: { annotations: { 'warmterm.dev/min': String(size), 'warmterm.dev/max': String(size) } } },
  });
}

const countOf = async (admin: Transport, kind: string): Promise<number> => {
  const path = `/api/v1/namespaces/${admin.namespace}/${kind}?labelSelector=warmterm.dev/pool`;
  return (await admin.request<{ items: unknown[] }>({ method: 'GET', path })).items.length;
};
const countServices = (admin: Transport) => countOf(admin, 'services');
const podsLeft = (admin: Transport) => countOf(admin, 'pods');
