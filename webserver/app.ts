// The webserver as an express app: the page, the visitor's terminal and the host's view. It knows the manager as a set
// of functions, and nothing of Kubernetes.

import cookieParser from 'cookie-parser';
import express, { type Express, type RequestHandler } from 'express';
import { notFound, problemHandler } from '../common/http/server.ts';
import type { Logger } from '../common/log.ts';
import { createProofOfWork } from './challenge/proof-of-work.ts';
import type { Config } from './config.ts';
import { securityHeaders } from './headers.ts';
import { createVisitors } from './identity/visitor.ts';
import type { Manager } from './manager-client.ts';
import type { Metrics } from './metrics.ts';
import { createPlaces } from './relay/places.ts';
import { hostRoutes } from './routes/host.ts';
import { pageRoutes } from './routes/page.ts';
import { relayRoutes } from './routes/relay.ts';
import { terminalRoutes } from './routes/terminals.ts';

export type AppOptions = {
  config: Pick<
    Config,
    | 'WARMTERM_ADDRESS'
    | 'WARMTERM_CHALLENGE_WORK'
    | 'WARMTERM_IDENTITY'
    | 'WARMTERM_POOL'
    | 'WARMTERM_RELAY'
    | 'WARMTERM_RELAY_LIMIT'
    | 'WARMTERM_TRUST_PROXY'
  >;
  manager: Manager;
  log: Logger;
  metrics: Metrics;
  publicDir: string;
  cookieSecrets: readonly [string, ...string[]];
  /** Absent: no host page. */
  hostToken?: string | undefined;
  clock?: () => number;
};

export function createApp(options: AppOptions): Express {
  const { config, manager, log, metrics, publicDir, cookieSecrets, hostToken, clock = Date.now } = options;
  const addressing = config.WARMTERM_ADDRESS;
  const visitors = createVisitors({ identity: config.WARMTERM_IDENTITY, secrets: cookieSecrets, clock });

  const challenges = createProofOfWork({
    secrets: cookieSecrets,
    work: config.WARMTERM_CHALLENGE_WORK,
    clock,
    chance: Math.random,
  });

  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('trust proxy', config.WARMTERM_TRUST_PROXY);
  app.use(metrics.countRequests);
  app.use(securityHeaders(addressing));
  app.get(['/healthz', '/readyz'], health);
  app.use(cookieParser());
  app.use('/api', noStore);
  const terminals = { manager, log, visitors, defaultPool: config.WARMTERM_POOL };
  app.use(terminalRoutes({ ...terminals, challenges, addressing, relay: config.WARMTERM_RELAY }));
  if (config.WARMTERM_RELAY !== 'never') {
    app.use(relayRoutes({ ...terminals, places: createPlaces(config.WARMTERM_RELAY_LIMIT) }));
  }
  if (hostToken !== undefined) app.use(hostRoutes({ manager, token: hostToken }));
  app.use(pageRoutes({ publicDir, visitors, hostPage: hostToken !== undefined }));
  app.use(notFound);
  app.use(problemHandler(log));
  return app;
}

// Ready means that the page can be served, whatever the manager does: a page that waits and says so helps a visitor
// more than a refused connection, and sessions that run need neither of us.
const health: RequestHandler = (_request, response) => {
  response.set('cache-control', 'no-store').json({ status: 'ok' });
};

const noStore: RequestHandler = (_request, response, next) => {
  response.set('cache-control', 'no-store');
  next();
};
