// The real webserver on a free port, in front of a manager double.

import type { RequestListener } from 'node:http';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { type Listening, serve } from '../../common/http/server.ts';
import { createApp } from '../../webserver/app.ts';
import { readConfig } from '../../webserver/config.ts';
import { createManagerClient } from '../../webserver/manager-client.ts';
import { createMetrics } from '../../webserver/metrics.ts';
import { builtPage, dist } from './built.ts';
import type { Teardown } from './webserver-listen.ts';
import { type ManagerDouble, managerToken, startManager } from './webserver-manager.ts';

export const visitorSecret = 'a secret of more than thirty-two bytes';
export const hostToken = 'the token of the host';

export type Webserver = {
  url: string;
  port: number;
  manager: ManagerDouble;
  logged: () => string;
  metrics: () => Promise<string>;
  /** Stops it as SIGTERM does, and resolves once it has ended. */
  stop: () => Promise<void>;
};

type WebserverOptions = {
  publicDir?: string;
  cliDir?: string;
  hostPage?: boolean;
  secrets?: [string, ...string[]];
  /** For a real manager at WARMTERM_MANAGER_URL: unless set, the token for the double. */
  token?: string;
  clock?: () => number;
  /** Defaults to the value of production. */
  holdMs?: number;
  /** Defaults to the value of production. */
  headersTimeoutMs?: number;
};

/** Starts the webserver with the required settings, overridden by `environment`. */
export async function startWebserver(
  t: Teardown,
  environment: Record<string, string> = {},
  options: WebserverOptions = {},
): Promise<Webserver> {
  const manager = await startManager(t);
  const config = readConfig({
    WARMTERM_MANAGER_URL: manager.url,
    WARMTERM_MANAGER_TOKEN_FILE: 'not read here',
    WARMTERM_VISITOR_SECRET_FILE: 'not read here',
    ...environment,
  });
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const metrics = createMetrics();
  const app = createApp({
    config,
    log: pino({ level: 'trace' }, sink),
    metrics,
    publicDir: options.publicDir ?? builtPage,
    cliDir: options.cliDir ?? fileURLToPath(dist),
    visitorSecrets: options.secrets ?? [visitorSecret],
    version: '0.0.0',
    hostToken: options.hostPage === false ? undefined : hostToken,
    manager: createManagerClient({
      url: config.WARMTERM_MANAGER_URL,
      readToken: async () => options.token ?? managerToken,
      deadlineMs: config.WARMTERM_REQUEST_TIMEOUT,
    }),
    ...(options.clock ? { clock: options.clock } : {}),
    ...(options.holdMs === undefined ? {} : { holdMs: options.holdMs }),
  });
  return {
    ...(await serveApp(t, app, options, config.WARMTERM_CONNECTION_LIMIT)),
    manager,
    logged: () => lines.join(''),
    metrics: () => metrics.registry.metrics(),
  };
}

async function serveApp(
  t: Teardown,
  app: RequestListener,
  { headersTimeoutMs }: Pick<WebserverOptions, 'headersTimeoutMs'>,
  connectionLimit: number,
) {
  const stopping = new AbortController();
  let onListening: (at: Listening) => void = () => {};
  const listening = new Promise<Listening>((resolve) => {
    onListening = resolve;
  });
  const ended = serve(
    app,
    {
      host: '127.0.0.1',
      port: 0,
      drainMs: 200,
      connectionLimit,
      upgrades: true,
      onListening,
      ...(headersTimeoutMs === undefined ? {} : { headersTimeoutMs }),
    },
    stopping.signal,
  );
  const stop = () => {
    stopping.abort();
    return ended;
  };
  t.teardown(stop);
  const { port } = await Promise.race([listening, ended.then(() => Promise.reject(new Error('it does not listen')))]);
  return { url: `http://127.0.0.1:${port}`, port, stop };
}
