// Wires the parts of the manager together.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { ServiceError } from '../common/errors.ts';
import { metricsPart } from '../common/http/metrics.ts';
import { type Listening, serve } from '../common/http/server.ts';
import { createLog, type Logger } from '../common/log.ts';
import { leaseOf } from '../common/names.ts';
import { retry } from '../common/retry.ts';
import { exitOnInvalidConfig, type Part, runService } from '../common/service.ts';
import packageJson from '../package.json' with { type: 'json' };
import { createApp } from './api/app.ts';
import { createAuthenticator } from './api/authenticate.ts';
import { Claims } from './claims/claims.ts';
import { readConfig } from './config.ts';
import { readExposure } from './exposure/exposure.ts';
import { readIpFamilies } from './exposure/ip-families.ts';
import { probe } from './health/probe.ts';
import { Terminals } from './health/terminals.ts';
import { Watchdog } from './health/watchdog.ts';
import { createApiClock } from './kubernetes/api-clock.ts';
import { createCluster } from './kubernetes/cluster.ts';
import { ensureKeys } from './kubernetes/keys-secret.ts';
import { createTransport, type Transport } from './kubernetes/transport.ts';
import { createWarningLog } from './kubernetes/warnings.ts';
import { Elector } from './leader/elector.ts';
import { createCounters } from './metrics/counters.ts';
import { registerPoolMetrics } from './metrics/pools.ts';
import type { Pool } from './model/pool.ts';
import { Pools } from './model/pools.ts';
import { Peers } from './peers/peers.ts';
import { Controller } from './reconcile/controller.ts';
import { createLinks } from './sharing/links.ts';
import { LateSigner } from './tickets/keys.ts';
import { CapacityMonitor } from './workshops/capacity-monitor.ts';

async function main(): Promise<number> {
  const config = readConfig(process.env);
  const log = createLog('manager', config.LOG_LEVEL);
  const monotonic = () => performance.now();
  const apiClock = createApiClock({ wall: Date.now, monotonic });
  const clock = apiClock.now;
  const delay = (ms: number, signal?: AbortSignal) =>
    setTimeout(ms, undefined, { ref: false, ...(signal && { signal }) });
  const newId = () => randomBytes(16).toString('base64url');
  const { WARMTERM_SIGNING_KEY_FILE: keyFile, WARMTERM_KEYS_SECRET: keysSecret } = config;
  const signer = new LateSigner();
  if (keyFile) await signer.load(readFile('WARMTERM_SIGNING_KEY_FILE', keyFile), 'WARMTERM_SIGNING_KEY_FILE');
  const exposure = readExposure(config, (path) => readFile('WARMTERM_ROUTE_TEMPLATE_FILE', path));
  const pools = new Pools(exposure.mode);
  const counters = createCounters();
  const transport = createTransport({
    namespace: config.WARMTERM_NAMESPACE,
    deadlineMs: config.WARMTERM_API_TIMEOUT,
    onAnswer: counters.requested,
    onDate: apiClock.observe,
    onWarning: createWarningLog(log),
  });
  const { WARMTERM_RELEASE: release, WARMTERM_POD_NAME: podName, WARMTERM_POD_UID: podUid } = config;
  const pod = podName && podUid ? { name: podName, uid: podUid } : undefined;
  const lease = leaseOf(release);
  const cluster = createCluster({
    transport,
    exposure,
    ipFamilies: readIpFamilies(config),
    log,
    release,
    pod,
    onWatchBroken: counters.watchBroke,
  });
  // The host name (in a cluster, the pod's name) is for readers. The random part distinguishes a restarted manager.
  const identity = `${hostname()}_${newId()}`;
  const elector = new Elector({ cluster, lease, identity, log, clock, monotonic, delay });
  const isLeader = () => elector.isLeader();
  const peers = new Peers({ cluster, lease, identity, log, clock, delay, isLeader });
  const claims = new Claims({
    pools,
    cluster,
    log,
    clock,
    monotonic,
    delay,
    random: Math.random,
    share: () => peers.share(),
    newId,
    signer,
    timeoutMs: config.WARMTERM_CLAIM_TIMEOUT,
    onClaim: counters.claimed,
  });
  const waiting = (pool: Pool) => claims.waiting(pool);
  registerPoolMetrics({ counters, pools, waiting, isLeader, clock });
  const terminals = new Terminals({ pools, cluster, clock, log });
  const links = createLinks({ pools, cluster, signer, clock, newId });
  const heardAt = (uid: string) => terminals.heardAt(uid);
  // Subscribe before the controller: waiting visitors get ready terminals before the pool is evaluated.
  pools.subscribe((pool) => claims.serve(pool));
  const controller = new Controller({
    ...{ pools, cluster, log, clock, monotonic, delay, isLeader, waiting, heardAt, random: Math.random },
    answeredForMs: () => elector.answeredForMs(),
    watchdog: new Watchdog({ heardAt, probe, clock, log }),
    metrics: counters,
  });
  const capacityMonitor = new CapacityMonitor({ pools, cluster, exposure: exposure.mode, log, clock, delay });
  const authenticator = createAuthenticator({
    cluster,
    clients: config.WARMTERM_CLIENTS,
    namespace: transport.namespace,
    isTerminal: (uid) => pools.podByUid(uid) !== undefined,
    ownToken: readOwnToken(),
    clock,
    monotonic,
    delay,
    log,
    onReview: counters.reviewed,
  });
  const isReady = () => pools.synced && signer.loaded;
  const { version } = packageJson;
  const app = createApp({
    ...{ claims, links, terminals, pools, signer, authenticator, log, clock, version, isReady },
    host: config.HOST,
  });
  const onListening = (at: Listening) => log.info(at, 'listening');
  const parts: Record<string, Part> = {
    keys: async (signal) => {
      if (keysSecret) await loadKeys(signer, { transport, secret: keysSecret, log, signal });
      if (!signal.aborted) await once(signal, 'abort');
    },
    elector: (signal) => elector.run(signal),
    peers: (signal) => peers.run(signal),
    controller: (signal) => controller.run(signal),
    capacityMonitor: (signal) => capacityMonitor.run(signal),
    claims: async (signal) => {
      if (!signal.aborted) await once(signal, 'abort');
      claims.drain();
    },
    http: (signal, leaving) => serve(app, { host: config.HOST, port: config.PORT, leaving, onListening }, signal),
    ...metricsPart(counters.registry, { host: config.HOST, port: config.METRICS_PORT, log }),
  };
  const exitCode = await runService(log, parts, { shutdownDelayMs: config.WARMTERM_SHUTDOWN_DELAY });
  transport.close();
  return exitCode;
}

/** Loads the signing key from the Secret, and creates the Secret if it is absent. Retries while the API server does not answer. */
async function loadKeys(
  signer: LateSigner,
  { transport, secret, log, signal }: { transport: Transport; secret: string; log: Logger; signal: AbortSignal },
): Promise<void> {
  const keys = await retry(() => ensureKeys(transport, secret), {
    ...{ signal, firstMs: 250, maxMs: 5_000 },
    onFirstFailure: (err) => log.warn({ err, secret }, 'the Secret with the keys is not to be had yet, trying again'),
  });
  await signer.load(keys['signing-key.pem'], `Secret ${secret}, signing-key.pem`);
  log.info({ secret }, 'keys loaded');
}

function readFile(setting: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ServiceError('invalid-config', `${setting}=${path}: cannot be read`, { cause: error });
  }
}

/** The token of the manager's own pod in a cluster. It names the issuer of all its tokens. */
function readOwnToken(): string | undefined {
  try {
    return readFileSync('/var/run/secrets/kubernetes.io/serviceaccount/token', 'utf8').trim();
  } catch {
    return undefined;
  }
}

process.exitCode = await main().catch(exitOnInvalidConfig);
