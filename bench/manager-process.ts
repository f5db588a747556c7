// The built manager as a process, like a pod of its Deployment. Several may share one cluster.

import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../local/ports.ts';
import { superviseService } from '../local/supervisor.ts';
import { silent } from '../test/helpers/manager.ts';
import { readMetrics } from './metrics.ts';
import { until } from './tools.ts';

// WARMTERM_BENCH_MANAGER may name another build, for comparison.
const program = process.env.WARMTERM_BENCH_MANAGER ?? fileURLToPath(new URL('../dist/manager.mjs', import.meta.url));
const patienceMs = 600_000;

export type ManagerProcess = Awaited<ReturnType<typeof startManager>>;

/** Writes a signing key for tickets to the directory; returns its path. */
export function writeSigningKey(directory: string): string {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, 'key.pem');
  const key = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  writeFileSync(path, key, { mode: 0o600 });
  return path;
}

/** Starts a manager at two free ports. The log goes to `NAME.log` in the directory. */
export async function startManager(options: {
  directory: string;
  name?: string;
  kubeconfig: string;
  signingKey: string;
  env?: Record<string, string>;
}) {
  const { directory, name = 'manager', kubeconfig, signingKey, env = {} } = options;
  const [port, metricsPort] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const start = (through: string) =>
    superviseService({
      name,
      args: [program],
      env: {
        HOST: '127.0.0.1',
        PORT: String(port),
        METRICS_PORT: String(metricsPort),
        KUBECONFIG: through,
        WARMTERM_SIGNING_KEY_FILE: signingKey,
        LOG_LEVEL: 'warn',
        ...env,
      },
      logFile: join(directory, `${name}.log`),
      log: silent,
    });
  let service = start(kubeconfig);
  const isReady = () =>
    fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  const metrics = () => readMetrics(`http://127.0.0.1:${metricsPort}/metrics`);
  return {
    url,
    metrics,
    /** Resolves when the manager answers claims. */
    ready: () => until(isReady, 5, patienceMs),
    /** The ready terminals of the pool that the manager sees; 0 while it does not answer. */
    async readyTerminals(): Promise<number> {
      const all = await metrics().catch(() => undefined);
      return all?.get('warmterm_pool_terminals{pool="default",state="ready"}') ?? 0;
    },
    stop: () => service.stop(),
    /** Stops the manager and starts it with another kubeconfig. Milliseconds until it is ready. */
    async restart(through = kubeconfig): Promise<number> {
      await service.stop();
      service = start(through);
      const startedAt = performance.now();
      await until(isReady, 5, patienceMs);
      return performance.now() - startedAt;
    },
  };
}
