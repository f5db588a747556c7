// Claims: how fast the real manager claims pods of the stand-in, at several pool sizes, and how many writes each costs.
// The pods are hollow (no processes), so that only the claim path is measured: HTTP, pick, one conditional write, ticket.

import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { requestJson } from '../../common/http/client.ts';
import { type PoolStatus, paths, poolsSchema } from '../../common/manager-api.ts';
import { managerAudience } from '../../common/names.ts';
import { startLocalCluster } from '../../local/cluster.ts';
import { describePool } from '../../local/pool.ts';
import { superviseService } from '../../local/supervisor.ts';
import { createTransport } from '../../manager/cluster/transport.ts';
import { silent } from '../helpers/manager.ts';
import { startCountingProxy } from './counting-proxy.ts';
import { type Measure, measure, quantile } from './statistics.ts';
import { freePort, until } from './tools.ts';

const managerFile = fileURLToPath(new URL('../../dist/manager.mjs', import.meta.url));
const claimsPerSize = 300;
const atOnce = 32;

export async function benchClaims(directory: string, sizes: number[]): Promise<Measure[]> {
  const measures: Measure[] = [];
  for (const size of sizes) {
    const bench = await startClaimBench(join(directory, `claims-${size}`), size);
    try {
      const { latencies: alone } = await bench.claimAll(1);
      const { latencies: together, perSecond } = await bench.claimAll(atOnce);
      measures.push(
        measure(`claim p50, pool of ${size}, one at a time`, quantile(alone, 0.5), 'ms'),
        measure(`claim p99, pool of ${size}, one at a time`, quantile(alone, 0.99), 'ms'),
        measure(`claim p50, pool of ${size}, ${atOnce} at once`, quantile(together, 0.5), 'ms'),
        measure(`claim p99, pool of ${size}, ${atOnce} at once`, quantile(together, 0.99), 'ms'),
        measure(`claims per second, pool of ${size}, ${atOnce} at once`, perSecond, '/s'),
      );
      if (size === sizes[0]) measures.push(measure('Kubernetes writes per claim', await bench.writesPerClaim(), ''));
    } finally {
      await bench.close();
    }
  }
  return measures;
}

async function startClaimBench(directory: string, size: number) {
  mkdirSync(directory, { recursive: true });
  const cluster = await startLocalCluster({
    directory: join(directory, 'cluster'),
    log: silent,
    node: 'hollow',
    hollowStartMs: 1,
  });
  const proxy = await startCountingProxy(cluster.url);
  const key = join(directory, 'key.pem');
  writeFileSync(key, generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const token = cluster.mintToken({ serviceAccount: 'warmterm-webserver', audience: managerAudience });
  const settings = { spare: '0', min: String(size), max: String(size) };
  await cluster.create(
    describePool({ name: 'default', namespace: cluster.namespace, replicas: size, settings, args: [], env: {} }),
  );
  process.env.KUBECONFIG = cluster.kubeconfig;
  const transport = createTransport({ deadlineMs: 10_000 });
  const services = `/api/v1/namespaces/${cluster.namespace}/services`;
  const countServices = async () =>
    (await transport.request<{ items: unknown[] }>({ method: 'GET', path: services })).items.length;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const start = (kubeconfig: string) =>
    superviseService({
      name: 'manager',
      args: [managerFile],
      env: {
        HOST: '127.0.0.1',
        PORT: String(port),
        KUBECONFIG: kubeconfig,
        WARMTERM_SIGNING_KEY_FILE: key,
        LOG_LEVEL: 'warn',
      },
      logFile: join(directory, 'manager.log'),
      log: silent,
    });
  let manager = start(cluster.kubeconfig);
  const call = { token, deadlineMs: 30_000 };
  const pool = async (): Promise<PoolStatus | undefined> => {
    const answer = requestJson({ ...call, method: 'GET', url: url + paths.pools, answer: poolsSchema });
    return (await answer.catch(() => undefined))?.pools[0];
  };
  const allReady = () => until(async () => (await pool())?.ready === size && (await everyServiceMade()));
  const everyServiceMade = async () => (await countServices()) >= size;
  let visitors = 0;
  const claim = async (): Promise<string> => {
    const visitor = `bench-visitor-${String(visitors++).padStart(8, '0')}`;
    await requestJson({ ...call, method: 'POST', url: url + paths.terminals, body: { visitor } });
    return visitor;
  };

  /** Claims every pod of the pool, `width` at a time, again and again until there are numbers enough. */
  async function claimAll(width: number) {
    const latencies: number[] = [];
    let busyMs = 0;
    while (latencies.length < claimsPerSize) {
      await allReady();
      const claimed: string[] = [];
      let left = Math.min(size, claimsPerSize);
      const startedAt = performance.now();
      await Promise.all(
        Array.from({ length: Math.min(width, left) }, async () => {
          while (left-- > 0) {
            const from = performance.now();
            claimed.push(await claim());
            latencies.push(performance.now() - from);
          }
        }),
      );
      busyMs += performance.now() - startedAt;
      await Promise.all(
        claimed.map((visitor) =>
          requestJson({ ...call, method: 'DELETE', url: `${url}${paths.terminals}/${visitor}` }),
        ),
      );
    }
    return { latencies, perSecond: (latencies.length / busyMs) * 1_000 };
  }

  async function writesPerClaim(): Promise<number> {
    await allReady();
    await manager.stop();
    manager = start(proxy.rewrite(cluster.kubeconfig, join(directory, 'kubeconfig')));
    await allReady();
    const before = proxy.writes();
    const claims = Math.min(size, 10);
    for (let count = 0; count < claims; count++) await claim();
    return (proxy.writes() - before) / claims;
  }

  return {
    claimAll,
    writesPerClaim,
    async close() {
      await manager.stop();
      proxy.close();
      transport.close();
      await cluster.close();
    },
  };
}
