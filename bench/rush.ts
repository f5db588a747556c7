// A rush of claims on the real cluster that KUBECONFIG names: the manager and the webserver are processes of this machine,
// the pods are pretended (see pretend-node.ts), so that the claim path is measured and not how fast a node starts pods.

import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { paths } from '../common/terminals-api.ts';
import { freePort } from '../local/ports.ts';
import { superviseService } from '../local/supervisor.ts';
import type { Transport } from '../manager/kubernetes/transport.ts';
import { silent } from '../test/helpers/manager.ts';
import { createVisitor } from '../test/helpers/system.ts';
import { atRandom } from './at-random.ts';
import { startManager, writeSigningKey } from './manager-process.ts';
import { account, type PretendCluster, startPretendCluster } from './pretend-cluster.ts';
import { benchServed } from './served.ts';
import { type Measure, measure, quantile } from './statistics.ts';
import { until } from './tools.ts';

const poolSize = 100;
const perSecond = 45;
const seconds = 60;
const probesPerSecond = 5;
const burst = 300;
const waitingAtOnce = 20;
// Visitors come at random, so there may be more than expected.
const largePool = 400;
const patienceMs = 300_000;

export async function benchRush(directory: string): Promise<Measure[]> {
  const cluster = await startPretendCluster('rush', poolSize);
  const { transport: admin } = cluster;
  const stops: (() => Promise<void>)[] = [];
  try {
    const services = await startServices(cluster, directory, stops);
    const ready = (count: number) =>
      until(
        async () => (await services.metrics()).get('warmterm_pool_terminals{pool="default",state="ready"}')! >= count,
        100,
        patienceMs,
      );
    let refused = 0;
    // Visitors who find the pool empty, because this machine refills it too slowly, are counted and do not wait.
    const claim = async () => {
      const visitor = createVisitor(services);
      const { status } = await visitor.call('POST', paths.terminals);
      if (status === 202) {
        refused++;
        await visitor.call('DELETE', paths.place);
      } else if (status !== 201) throw new Error(`A claim is answered with ${status}.`);
    };
    const exposed = (count: number) => until(async () => (await cluster.count('services')) >= count, 100, patienceMs);
    await ready(poolSize);
    await exposed(poolSize);
    // Loading code and reviewing the first tokens are not measured.
    await claim();

    const served = await benchServed(admin, services, { size: poolSize - 1, waiting: waitingAtOnce });
    await cluster.order({ does: 'refill', on: true });
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
    await cluster.order({ does: 'refill', on: false });
    const undisturbed = await atRandom(claim, perSecond, burst / perSecond);
    await cluster.order({ does: 'refill', on: true });
    await ready(largePool);
    await cluster.order({ does: 'refill', on: false });
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
    await cluster.close();
  }
}

async function startServices({ namespace, token }: PretendCluster, directory: string, stops: (() => Promise<void>)[]) {
  const signingKey = writeSigningKey(directory);
  const file = (name: string, content: string) => {
    const path = join(directory, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  const env = { WARMTERM_NAMESPACE: namespace, LOG_LEVEL: 'info' };
  const manager = await startManager({ directory, kubeconfig: process.env.KUBECONFIG!, signingKey, env });
  stops.push(manager.stop);
  const pagePort = await freePort();
  const webserver = superviseService({
    name: 'webserver',
    args: [fileURLToPath(new URL('../dist/webserver.mjs', import.meta.url))],
    env: {
      HOST: '127.0.0.1',
      PORT: String(pagePort),
      WARMTERM_MANAGER_URL: manager.url,
      WARMTERM_MANAGER_TOKEN_FILE: file('token', token),
      WARMTERM_VISITOR_SECRET_FILE: file('visitor-secret', randomBytes(32).toString('hex')),
    },
    logFile: join(directory, 'webserver.log'),
    log: silent,
  });
  stops.push(() => webserver.stop());
  const { metrics } = manager;
  const pageUrl = `http://127.0.0.1:${pagePort}/`;
  const pageAnswers = () =>
    fetch(`${pageUrl}readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  await manager.ready();
  await until(pageAnswers, 50, patienceMs);
  return {
    pageUrl,
    metrics,
    /** The number of visitors in the queue. */
    waiting: async () => (await metrics()).get('warmterm_pool_waiting{pool="default"}') ?? 0,
    /** The manager's writes to existing objects, and the refused ones. Excludes the lease (PUT) and reviews (POST). */
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

/** Writes one annotation over a kept connection: the current latency of the API server itself. */
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
