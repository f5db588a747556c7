// The express app of the webserver: the page, the visitor's terminals and the host page's API. It knows the manager as a set of functions,
// and nothing of Kubernetes.

import express, { type Express, type RequestHandler } from 'express';
import { createHostCheck, requireHost } from '../common/http/host-names.ts';
import { serveDescription } from '../common/http/openapi.ts';
import { notFound, problemHandler } from '../common/http/server.ts';
import type { Logger } from '../common/log.ts';
import { versionHeader } from '../common/terminals-api.ts';
import { underBasePath } from './base-path.ts';
import { createProofOfWork } from './challenge/proof-of-work.ts';
import type { Config } from './config.ts';
import { securityHeaders } from './headers.ts';
import { watchAddresses } from './identity/address-visibility.ts';
import { ignoreForwardedPorts } from './identity/forwarded-addresses.ts';
import { createVisitors } from './identity/visitor.ts';
import type { Manager } from './manager-client.ts';
import type { Metrics } from './metrics.ts';
import { describeWebserver } from './openapi.ts';
import { createRefusalLog } from './refusal-log.ts';
import { refuseFrame } from './refuse-frame.ts';
import { createRelayProblems } from './relay/problems.ts';
import { createTicketReader } from './relay/read-ticket.ts';
import { createRelayLimit } from './relay/relay-limit.ts';
import { hostRoutes } from './routes/host.ts';
import { linkRoutes } from './routes/links.ts';
import { pageRoutes } from './routes/page.ts';
import { poolRoutes } from './routes/pools.ts';
import { relayRoutes } from './routes/relay.ts';
import { terminalRoutes } from './routes/terminals.ts';
import { requireSameOrigin } from './same-origin.ts';

export type AppOptions = {
  config: Pick<
    Config,
    | 'HOST'
    | 'WARMTERM_ADDRESS'
    | 'WARMTERM_BASE_PATH'
    | 'WARMTERM_CHALLENGE_WORK'
    | 'WARMTERM_HOSTS'
    | 'WARMTERM_FRAME_ANCESTORS'
    | 'WARMTERM_LOGO_URL'
    | 'WARMTERM_NAME'
    | 'WARMTERM_IDENTITY'
    | 'WARMTERM_IDENTITY_HEADER'
    | 'WARMTERM_POOL'
    | 'WARMTERM_RELAY'
    | 'WARMTERM_RELAY_LIMIT'
    | 'WARMTERM_TRUST_PROXY'
  >;
  manager: Manager;
  log: Logger;
  metrics: Metrics;
  publicDir: string;
  /** The folder with cli.tgz and cli/, from the build. */
  cliDir: string;
  visitorSecrets: readonly [string, ...string[]];
  version: string;
  /** Absent: no host page. */
  hostToken?: string | undefined;
  clock?: () => number;
  /** After this time, a request without an answer no longer counts (concurrency-limit.ts). */
  holdMs?: number;
};

export function createApp(options: AppOptions): Express {
  const {
    config,
    manager,
    log,
    metrics,
    publicDir,
    cliDir,
    visitorSecrets,
    version,
    hostToken,
    clock = Date.now,
    holdMs,
  } = options;
  const addressing = config.WARMTERM_ADDRESS;
  const visitors = createVisitors(config, visitorSecrets);

  const challenges = createProofOfWork({
    secrets: visitorSecrets,
    work: config.WARMTERM_CHALLENGE_WORK,
    clock,
    random: Math.random,
  });

  const now = () => performance.now();
  const logRefusal = createRefusalLog(log, now);
  const relayProblems = createRelayProblems(now);
  const addresses = watchAddresses(log, { areVisitors: config.WARMTERM_IDENTITY === 'address' });
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('trust proxy', config.WARMTERM_TRUST_PROXY);
  app.use(metrics.countRequests);
  app.use(underBasePath(config.WARMTERM_BASE_PATH));
  app.use(ignoreForwardedPorts);
  // Nobody may show the host page in a frame.
  const ancestorsOf = (path: string) => (/^\/(index\.html)?$/.test(path) ? config.WARMTERM_FRAME_ANCESTORS : []);
  app.use(securityHeaders(addressing, ancestorsOf, config.WARMTERM_LOGO_URL));
  app.get(['/healthz', '/readyz'], health);
  app.use(requireHost(createHostCheck(config.HOST, config.WARMTERM_HOSTS), 'WARMTERM_HOSTS', logRefusal));
  app.use('/api', (_request, response, next) => {
    response.set({ 'cache-control': 'no-store', [versionHeader]: version });
    next();
  });
  app.get('/openapi.json', serveDescription(describeWebserver(version, { hostPage: hostToken !== undefined })));
  const terminals = { manager, log, visitors, defaultPool: config.WARMTERM_POOL };
  app.use(
    terminalRoutes({
      ...terminals,
      holdMs,
      challenges,
      addresses,
      addressing,
      relay: config.WARMTERM_RELAY,
      relayProblems,
      sameOrigin: requireSameOrigin(logRefusal),
    }),
  );
  app.use(
    linkRoutes({ ...terminals, addressing, relay: config.WARMTERM_RELAY, sameOrigin: requireSameOrigin(logRefusal) }),
  );
  app.use(poolRoutes({ ...terminals, now }));
  if (config.WARMTERM_RELAY !== 'never') {
    const relayLimit = createRelayLimit(config.WARMTERM_RELAY_LIMIT);
    const readTicket = createTicketReader({ manager, now });
    app.use(
      relayRoutes({
        manager,
        log,
        logRefusal,
        relayLimit,
        problems: relayProblems,
        readTicket,
        defaultPool: config.WARMTERM_POOL,
      }),
    );
  }
  if (hostToken !== undefined) app.use(hostRoutes({ manager, addresses, token: hostToken }));
  app.use(refuseFrame(ancestorsOf));
  const branding = { name: config.WARMTERM_NAME, logoUrl: config.WARMTERM_LOGO_URL };
  app.use(pageRoutes({ publicDir, cliDir, version, hostPage: hostToken !== undefined, branding }));
  app.use(notFound);
  app.use(problemHandler(log));
  return app;
}

// Ready means that the page can be served, whatever the state of the manager. During an outage, a page that says so helps more than a
// refused connection, and running sessions need neither service.
const health: RequestHandler = (_request, response) => {
  response.set('cache-control', 'no-store').json({ status: 'ok' });
};
