// The real webserver on a free port, in front of a manager double.

import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { type Listening, serve } from '../../common/http/server.ts';
import { buildFrontend } from '../../frontend/build.mjs';
import { createApp } from '../../webserver/app.ts';
import { readConfig } from '../../webserver/config.ts';
import { createManagerClient } from '../../webserver/manager-client.ts';
import { createMetrics } from '../../webserver/metrics.ts';
import type { Teardown } from './webserver-listen.ts';
import { type ManagerDouble, managerToken, startManager } from './webserver-manager.ts';

export const cookieSecret = 'a secret of more than thirty-two bytes';
export const hostToken = 'the token of the host';

export type Webserver = {
  url: string;
  port: number;
  manager: ManagerDouble;
  logged: () => string;
  metrics: () => Promise<string>;
  /** Stops it, as SIGTERM does; resolves once it has ended. */
  stop: () => Promise<void>;
};

/** Starts the webserver with `environment` over the required settings. */
export async function startWebserver(
  t: Teardown,
  environment: Record<string, string> = {},
  options: { publicDir?: string; hostPage?: boolean; secrets?: [string, ...string[]]; clock?: () => number } = {},
): Promise<Webserver> {
  const manager = await startManager(t);
  const config = readConfig({
    WARMTERM_MANAGER_URL: manager.url,
    WARMTERM_MANAGER_TOKEN_FILE: 'not read here',
    WARMTERM_COOKIE_SECRET_FILE: 'not read here',
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
    publicDir: options.publicDir ?? (await builtPage()),
    cookieSecrets: options.secrets ?? [cookieSecret],
    hostToken: options.hostPage === false ? undefined : hostToken,
    manager: createManagerClient({
      url: config.WARMTERM_MANAGER_URL,
      readToken: async () => managerToken,
      deadlineMs: config.WARMTERM_REQUEST_TIMEOUT,
    }),
    ...(options.clock ? { clock: options.clock } : {}),
  });
  return {
    ...(await serveApp(t, app)),
    manager,
    logged: () => lines.join(''),
    metrics: () => metrics.registry.metrics(),
  };
}

async function serveApp(t: Teardown, app: RequestListener) {
  const stopping = new AbortController();
  let onListening: (at: Listening) => void = () => {};
  const listening = new Promise<Listening>((resolve) => {
    onListening = resolve;
  });
  const ended = serve(app, { host: '127.0.0.1', port: 0, drainMs: 200, upgrades: true, onListening }, stopping.signal);
  const stop = () => {
    stopping.abort();
    return ended;
  };
  t.teardown(stop);
  const { port } = await Promise.race([listening, ended.then(() => Promise.reject(new Error('it does not listen')))]);
  return { url: `http://127.0.0.1:${port}`, port, stop };
}

let built: Promise<string> | undefined;

/** The page, built once for all tests of a file. */
export function builtPage(): Promise<string> {
  built ??= buildPage();
  return built;
}

async function buildPage(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'warmterm-page-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  await buildFrontend({ outdir: directory });
  return directory;
}
