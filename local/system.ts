// The whole system on one machine: the stand-in cluster with a pool in it, and the manager and the webserver as the
// processes that they are everywhere else. `npm start` runs it, and so do the end-to-end tests.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ServiceError } from '../common/errors.ts';
import type { Logger } from '../common/log.ts';
import { managerAudience } from '../common/names.ts';
import { type LocalCluster, type LocalClusterOptions, startLocalCluster } from './kubernetes/cluster.ts';
import { nodeFlags } from './node-flags.ts';
import { describePool, type PoolOptions, programInside } from './pool.ts';
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
  /** `off`: terminals are plain processes of this user. */
  sandbox?: 'auto' | 'off';
  /** Whether terminals get the internet, where that can be had without anything else. */
  internet?: boolean;
  nodeReturnMs?: LocalClusterOptions['nodeReturnMs'];
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
  const { sandbox = 'auto', internet = true } = options;
  const cluster = await startLocalCluster({
    directory: join(directory, 'cluster'),
    log,
    sandbox,
    internet,
    ...(options.nodeReturnMs !== undefined && { nodeReturnMs: options.nodeReturnMs }),
  });
  const token = cluster.mintToken({ serviceAccount: 'warmterm-webserver', audience: managerAudience });
  const webserverToken = secret(directory, 'webserver-token', token);
  const managerUrl = `http://127.0.0.1:${managerPort}`;
  const hostToken = randomBytes(16).toString('base64url');

  const supervise = (name: 'manager' | 'webserver', env: Record<string, string>) =>
    superviseService({
      name,
      args: [...nodeFlags, '--enable-source-maps', fileURLToPath(new URL(`${name}.mjs`, dist))],
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
    WARMTERM_VISITOR_SECRET_FILE: secrets.visitorSecret,
    WARMTERM_HOST_TOKEN_FILE: secret(directory, 'host-token', hostToken),
  });
  await cluster.create(
    describePool({
      ...options.pool,
      name: poolName,
      namespace: cluster.namespace,
      args: [...nodeFlags, '--max-semi-space-size=1', `${programInside}/terminal.mjs`],
      program: copyTerminal(fileURLToPath(dist), join(directory, 'terminal')),
      manager: `127.0.0.1:${managerPort}`,
      env: { WARMTERM_MANAGER_URL: managerUrl, LOG_LEVEL: logLevel, ...options.env?.terminal },
    }),
  );

  const close = async () => {
    await webserver.stop();
    // The pods go before the manager: each may still have something to say to it.
    await cluster.close();
    await manager.stop();
  };
  const basePath = options.env?.webserver?.WARMTERM_BASE_PATH?.replace(/\/+$/, '') ?? '';
  const pageUrl = `http://${host.includes(':') ? `[${host}]` : host}:${port}${basePath}/`;
  try {
    await Promise.all([answers(`${managerUrl}/readyz`, manager), answers(`${pageUrl}healthz`, webserver)]);
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

/**
 * Copies what the terminal consists of, as its image does, so that it can be shown to terminals and nothing else: the folder
 * of the project may be one that they may not enter. Returns the folder of the copy.
 */
function copyTerminal(from: string, to: string): string {
  const pty = dirname(createRequire(join(from, 'terminal.mjs')).resolve('node-pty/package.json'));
  const files = {
    ...Object.fromEntries(['terminal.mjs', 'tmux.conf'].map((name) => [name, join(from, name)])),
    ...Object.fromEntries(
      ['package.json', 'lib', 'build/Release/pty.node'].map((name) => [
        `node_modules/node-pty/${name}`,
        join(pty, name),
      ]),
    ),
  };
  for (const [name, source] of Object.entries(files)) cpSync(source, join(to, name), { recursive: true });
  // The umask may have made files that only this user can read.
  for (const name of ['.', ...(readdirSync(to, { recursive: true }) as string[])]) {
    const path = join(to, name);
    chmodSync(path, statSync(path).isDirectory() ? 0o755 : 0o644);
  }
  return to;
}

function writeSecrets(directory: string) {
  const { privateKey } = generateKeyPairSync('ed25519');
  return {
    signingKey: secret(directory, 'signing-key.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
    visitorSecret: secret(directory, 'visitor-secret', randomBytes(32).toString('base64url')),
  };
}

function secret(directory: string, name: string, content: string): string {
  const folder = join(directory, 'secrets');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, name);
  writeFileSync(file, content, { mode: 0o600 });
  return file;
}

async function answers(url: string, service: Service): Promise<void> {
  const deadline = AbortSignal.timeout(readyDeadlineMs);
  for (;;) {
    const ok = await fetch(url, { signal: deadline }).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) return;
    const wrong = service.wrongSettings();
    if (wrong !== undefined) throw new ServiceError('invalid-config', wrong);
    if (deadline.aborted)
      throw new ServiceError('unavailable', `${url} does not answer. Its log ends:\n${tail(service.logFile)}`);
    await delay(10);
  }
}

const tail = (file: string): string => readFileSync(file, 'utf8').trimEnd().split('\n').slice(-5).join('\n');
