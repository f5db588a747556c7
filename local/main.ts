// What `npm start` runs: the system, until Ctrl-C.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { formatDuration } from '../common/duration.ts';
import { ServiceError } from '../common/errors.ts';
import packageJson from '../package.json' with { type: 'json' };
import { checkTerminalSettings } from './check-terminal.ts';
import { readConfig } from './config.ts';
import type { LocalCluster } from './kubernetes/cluster.ts';
import { noAddressLimits } from './pool.ts';
import { startSystem } from './system.ts';

async function main(): Promise<void> {
  const startedAt = performance.now() - process.uptime() * 1_000;
  const config = readConfig(process.env);
  const directory = mkdtempSync(join(tmpdir(), 'warmterm-'));
  const stopped = new Promise<void>((resolve) => {
    // A second Ctrl-C while stopping changes nothing: what is left is bounded in time.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
  try {
    // The build bundles this file into dist/local.mjs, next to the services.
    const dist = new URL('./', import.meta.url);
    checkTerminalSettings(dist, config.services.terminal);
    const system = await startSystem({
      directory,
      dist,
      log: pino({ level: 'warn', base: null, timestamp: false, formatters: { level: (label) => ({ level: label }) } }),
      host: config.HOST,
      port: config.PORT,
      env: config.services,
      sandbox: config.WARMTERM_SANDBOX,
      internet: config.WARMTERM_INTERNET === 'auto',
      pool: {
        replicas: config.WARMTERM_SPARE,
        settings: {
          spare: String(config.WARMTERM_SPARE),
          max: String(config.WARMTERM_MAX),
          idleTimeout: formatDuration(config.WARMTERM_IDLE_TIMEOUT),
          // Everybody comes from the loopback address.
          ...noAddressLimits,
        },
      },
      logLevel: config.LOG_LEVEL,
    });
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(2);
    process.stdout.write(`
warmterm is up, after ${seconds} s

  page       ${system.pageUrl}
  host       ${system.hostUrl}
  command    npx ${system.pageUrl}cli-${packageJson.version}.tgz login ${system.pageUrl}
  terminals  ${describeTerminals(system.cluster.isolation)}
  cluster    kubectl --kubeconfig ${system.cluster.kubeconfig} get pods -L warmterm.dev/claimed
  logs       ${join(directory, 'log')}

Ctrl-C ends it, and every terminal with it.
`);
    await stopped;
    process.stdout.write('\nStopping\n');
    await system.close();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function describeTerminals(isolation: LocalCluster['isolation']): string {
  const next = '\n             ';
  if ('why' in isolation) {
    return `NOT in a sandbox: ${isolation.why}.${next}Every visitor can read your files and use your network.`;
  }
  const { network, whyNoInternet } = isolation;
  if (network === 'internet') return 'each in a sandbox, with the public internet, but not this machine or its network';
  if (network === 'nothing') return `each in a sandbox, without a network: ${whyNoInternet}`;
  return `each in a sandbox, but WITH THE NETWORK OF THIS MACHINE, which lets nobody make another.${next}Visitors can connect to its services and its neighbours.`;
}

main().catch((error: unknown) => {
  if (!(error instanceof ServiceError)) throw error;
  process.stderr.write(`warmterm cannot start:\n${error.message.replace(/^/gm, '  ')}\n`);
  process.exitCode = 1;
});
