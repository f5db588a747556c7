// Wires the webserver together and runs it.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ServiceError } from '../common/errors.ts';
import { metricsPart } from '../common/http/metrics.ts';
import { serve } from '../common/http/server.ts';
import { createLog } from '../common/log.ts';
import { exitOnInvalidConfig, type Part, runService } from '../common/service.ts';
import packageJson from '../package.json' with { type: 'json' };
import { createApp } from './app.ts';
import { readConfig } from './config.ts';
import { createManagerClient } from './manager-client.ts';
import { createMetrics } from './metrics.ts';
import { createTokenReader, readSecrets, readToken } from './secrets.ts';

try {
  const config = readConfig(process.env);
  const log = createLog('webserver', config.LOG_LEVEL);
  const hostTokenFile = config.WARMTERM_HOST_TOKEN_FILE;
  const metrics = createMetrics();
  // A kubelet may start a container before it has mounted the token. The file then never appears, so exit to be restarted.
  await readToken('WARMTERM_MANAGER_TOKEN_FILE', config.WARMTERM_MANAGER_TOKEN_FILE);
  const app = createApp({
    config,
    log,
    metrics,
    publicDir: findPublicDir(config.WARMTERM_PUBLIC_DIR),
    // Beside this bundle.
    cliDir: fileURLToPath(new URL('.', import.meta.url)),
    visitorSecrets: await readSecrets('WARMTERM_VISITOR_SECRET_FILE', config.WARMTERM_VISITOR_SECRET_FILE),
    version: packageJson.version,
    hostToken: hostTokenFile === undefined ? undefined : await readToken('WARMTERM_HOST_TOKEN_FILE', hostTokenFile),
    manager: createManagerClient({
      url: config.WARMTERM_MANAGER_URL,
      readToken: createTokenReader(config.WARMTERM_MANAGER_TOKEN_FILE),
      deadlineMs: config.WARMTERM_REQUEST_TIMEOUT,
    }),
  });
  const onListening = (at: { host: string; port: number }) => log.info(at, 'listening');
  // No answer takes longer than the manager's deadline.
  const listening = { host: config.HOST, port: config.PORT, drainMs: config.WARMTERM_REQUEST_TIMEOUT, onListening };
  const connectionLimit = config.WARMTERM_CONNECTION_LIMIT;
  const parts: Record<string, Part> = {
    http: (signal, leaving) => serve(app, { ...listening, upgrades: true, connectionLimit, leaving }, signal),
    ...metricsPart(metrics.registry, { host: config.HOST, port: config.METRICS_PORT, log }),
  };
  process.exitCode = await runService(log, parts, { shutdownDelayMs: config.WARMTERM_SHUTDOWN_DELAY });
} catch (error) {
  exitOnInvalidConfig(error);
}

// Default: beside the bundle.
function findPublicDir(configured: string | undefined): string {
  const publicDir = configured ?? fileURLToPath(new URL('public', import.meta.url));
  if (existsSync(`${publicDir}/index.html`)) return publicDir;
  const value = `WARMTERM_PUBLIC_DIR=${JSON.stringify(publicDir)}`;
  throw new ServiceError('invalid-config', `${value}: must be a directory with the built page`);
}
