// The whole system on one machine: the stand-in cluster with a pool in it, and the manager and the webserver as the
// processes that they are everywhere else. `npm start` runs it, and so do the end-to-end tests.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ServiceError } from '../common/errors.ts';
import type { Logger } from '../common/log.ts';
import { managerAudience } from '../common/names.ts';
import { type LocalCluster, startLocalCluster } from './cluster.ts';
import { describePool, type PoolOptions } from './pool.ts';
import { claimPort, freePort } from './ports.ts';
import { type Service, superviseService } from './supervisor.ts';

export type SystemOptions = {
  /** A folder of its own, for everything that the system writes. */
  directory: string;
  /** Folder of the built services, as a file: URL that ends in `/`. */
  dist: URL;
  log: Logger;
  host: string;
  /** The page's port; 0 for any. */
  port: number;
  pool: Pick<PoolOptions, 'replicas' | 'settings'>;
  /** More settings for each service. */
  env?: Partial<Record<'manager' | 'webserver' | 'terminal', Record<string, string>>>;
  logLevel?: string;
};

export type System = {
  pageUrl: string;
  hostUrl: string;
  hostToken: string;
  managerUrl: string;
  cluster: LocalCluster;
  manager: Service;
  webserver: Service;
  /** Ends everything; nothing stays behind. */
  close(): Promise<void>;
};

const poolName = 'default';
const readyDeadlineMs = 20_000;

/** Starts everything; resolves once the page answers. Throws `invalid-config` when the port is in use. */
export async function startSystem(options: SystemOptions): Promise<System> {
  const { directory, dist, log, host, logLevel = 'info' } = options;
  const port = await claimPort(host, options.port);
  const managerPort = await freePort();
  const secrets = writeSecrets(directory);
  mkdirSync(join(directory, 'log'), { recursive: true });
  const cluster = await startLocalCluster({ directory: join(directory, 'cluster'), log });
  const token = cluster.mintToken({ serviceAccount: 'warmterm-webserver', audience: managerAudience });
  const webserverToken = secret(directory, 'webserver-token', token);
  const managerUrl = `http://127.0.0.1:${managerPort}`;
  const hostToken = randomBytes(16).toString('base64url');

  const supervise = (name: 'manager' | 'webserver', env: Record<string, string>) =>
    superviseService({
      name,
      args: ['--enable-source-maps', fileURLToPath(new URL(`${name}.mjs`, dist))],
      env: { PATH: process.env.PATH ?? '', LOG_LEVEL: logLevel, ...env, ...options.env?.[name] },
      logFile: join(directory, 'log', `${name}.log`),
      log,
    });
  const manager = supervise('manager', {
    HOST: '127.0.0.1',
    PORT: String(managerPort),
    KUBECONFIG: cluster.kubeconfig,
    WARMTERM_SIGNING_KEY_FILE: secrets.signingKey,
  });
  const webserver = supervise('webserver', {
    HOST: host,
    PORT: String(port),
    WARMTERM_MANAGER_URL: managerUrl,
    WARMTERM_MANAGER_TOKEN_FILE: webserverToken,
    WARMTERM_COOKIE_SECRET_FILE: secrets.cookieSecret,
    WARMTERM_HOST_TOKEN_FILE: secret(directory, 'host-token', hostToken),
  });
  await cluster.create(
    describePool({
      ...options.pool,
      name: poolName,
      namespace: cluster.namespace,
      args: ['--max-semi-space-size=1', fileURLToPath(new URL('terminal.mjs', dist))],
      env: { WARMTERM_MANAGER_URL: managerUrl, LOG_LEVEL: logLevel, ...options.env?.terminal },
    }),
  );

  const close = async () => {
    await webserver.stop();
    // The pods go before the manager: each may still have something to say to it.
    await cluster.close();
    await manager.stop();
  };
  const pageUrl = `http://${host}:${port}/`;
  try {
    await Promise.all([
      answers(`${managerUrl}/readyz`, manager.logFile),
      answers(`${pageUrl}healthz`, webserver.logFile),
    ]);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    pageUrl,
    hostUrl: `${pageUrl}host#token=${hostToken}`,
    hostToken,
    managerUrl,
    cluster,
    manager,
    webserver,
    close,
  };
}

function writeSecrets(directory: string) {
  const { privateKey } = generateKeyPairSync('ed25519');
  return {
    signingKey: secret(directory, 'signing-key.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
    cookieSecret: secret(directory, 'cookie-secret', randomBytes(32).toString('base64url')),
  };
}

function secret(directory: string, name: string, content: string): string {
  const folder = join(directory, 'secrets');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, name);
  writeFileSync(file, content, { mode: 0o600 });
  return file;
}

async function answers(url: string, logFile: string): Promise<void> {
  const deadline = AbortSignal.timeout(readyDeadlineMs);
  for (;;) {
    const ok = await fetch(url, { signal: deadline }).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) return;
    if (deadline.aborted)
      throw new ServiceError('unavailable', `${url} does not answer. Its log ends:\n${tail(logFile)}`);
    await delay(10);
  }
}

const tail = (file: string): string => readFileSync(file, 'utf8').trimEnd().split('\n').slice(-5).join('\n');
