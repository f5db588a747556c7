// The manager's HTTP API. Each route validates, calls another module, and answers.

import express, { type ErrorRequestHandler, type Request, type RequestHandler, type Response } from 'express';
import * as z from 'zod';
import { claimantSchema, visitorSchema } from '../../common/claimant.ts';
import { ServiceError } from '../../common/errors.ts';
import { clientGoneSignal } from '../../common/http/client-gone.ts';
import { createHostCheck, requireHost } from '../../common/http/host-names.ts';
import { jsonBody } from '../../common/http/json-body.ts';
import { releaseConnection } from '../../common/http/limit-connections.ts';
import { serveDescription } from '../../common/http/openapi.ts';
import { notFound, problemHandler } from '../../common/http/server.ts';
import type { Logger } from '../../common/log.ts';
import * as api from '../../common/manager-api.ts';
import type { Claims } from '../claims/claims.ts';
import { noTerminal } from '../claims/lookup.ts';
import type { ClaimResult, Waiting } from '../claims/types.ts';
import type { Terminals } from '../health/terminals.ts';
import { ApiError } from '../kubernetes/api-error.ts';
import type { TerminalEnd } from '../model/observation.ts';
import type { Pools } from '../model/pools.ts';
import { takeSnapshot } from '../plan/snapshot.ts';
import type { Links } from '../sharing/links.ts';
import type { TicketSigner } from '../tickets/keys.ts';
import { type Authenticator, callingPod } from './authenticate.ts';
import { describePool } from './describe-pool.ts';
import { describeTerminal, describeTerminals } from './describe-terminal.ts';
import { describeWaiting } from './describe-waiting.ts';
import { describeManager } from './openapi.ts';

export type AppOptions = {
  claims: Claims;
  links: Links;
  terminals: Terminals;
  pools: Pools;
  signer: Pick<TicketSigner, 'jwks'>;
  authenticator: Authenticator;
  log: Logger;
  clock: () => number;
  version: string;
  /** The address to listen on. Absent: any. */
  host?: string;
  /** Whether the cluster's initial state is known. */
  isReady: () => boolean;
};

export function createApp(options: AppOptions): express.Express {
  const { claims, links, terminals, pools, signer, authenticator, log, clock, isReady } = options;
  // Terminals share the port, and the server closes connections above its limit. Exempt the connections of webservers.
  const forServices: RequestHandler = (request, response, next) =>
    authenticator.forServices(request, response, (error?: unknown) => {
      if (error === undefined) releaseConnection(request.socket);
      next(error);
    });
  const { forPods } = authenticator;
  const app = express().disable('x-powered-by').disable('etag');
  const json = jsonBody('16kb');

  app.get('/healthz', (_request, response) => void response.type('text').send('ok\n'));
  app.get('/readyz', (_request, response) => {
    if (!isReady()) throw new ServiceError('unavailable', 'The state of the cluster is not known yet.');
    response.type('text').send('ok\n');
  });
  app.use(requireHost(createHostCheck(options.host, undefined)));
  app.get('/openapi.json', serveDescription(describeManager(options.version)));
  app.get(api.paths.jwks, (_request, response) => {
    // Until the manager is ready, its time may be this machine's own, which may be wrong.
    const now = isReady() ? { now: new Date(clock()).toISOString() } : {};
    response.set('cache-control', 'no-store').json({ ...signer.jwks, ...now });
  });

  app.use('/api', (_request, response, next) => {
    response.set('cache-control', 'no-store');
    if (!isReady()) throw new ServiceError('unavailable', 'The manager is starting.', { retryAfter: 1 });
    next();
  });

  app.post(api.paths.terminals, forServices, json, async (request, response) => {
    const {
      visitor,
      pool,
      place: position,
      promised,
      existing,
      ...origin
    } = parse(api.claimRequestSchema, request.body);
    const answer = existing
      ? await claims.reconnect(visitor, pool)
      : await claims.claim({ visitor, pool, origin, position, clientGone: clientGoneSignal(response) });
    answerClaim(options, response, answer, promised);
  });
  app.post(api.paths.restart, forServices, json, async (request, response) => {
    const {
      visitor,
      pool,
      place: position,
      promised,
      existing,
      ...origin
    } = parse(api.claimRequestSchema, request.body);
    // A request for an existing terminal only contradicts a restart.
    if (existing) throw new ServiceError('invalid-request', 'existing: a restart claims another terminal.');
    const clientGone = clientGoneSignal(response);
    const answer = await claims.restart({ visitor, pool, origin, position, clientGone });
    answerClaim(options, response, answer, promised);
  });
  app
    .route(route(api.paths.terminal))
    .get(forServices, (request, response) => {
      const { visitor, pool } = readTarget(request);
      const pod = claims.find(visitor, pool);
      const terminal = pod && describeTerminal(pod, pools);
      if (!terminal) throw noTerminal();
      response.json(terminal);
    })
    .delete(forServices, async (request, response) => {
      const { visitor, pool } = readTarget(request);
      await claims.end(visitor, pool);
      response.status(204).end();
    });
  app
    .route(route(api.paths.links))
    .post(forServices, json, async (request, response) => {
      const { visitor } = readTarget(request);
      response.status(201).json(await links.create(visitor, parse(api.linkRequestSchema, request.body)));
    })
    .delete(forServices, async (request, response) => {
      const { visitor, pool } = readTarget(request);
      await links.revoke(visitor, pool);
      response.status(204).end();
    });
  app.post(api.paths.openLink, forServices, json, async (request, response) => {
    const { pod, ticket, role } = await links.open(parse(api.openLinkRequestSchema, request.body));
    const terminal = describeTerminal(pod, pools);
    if (!terminal) throw addressUnknown();
    response.json({ ...terminal, ticket, role } satisfies api.SharedTerminal);
  });
  app.delete(route(api.paths.place), forServices, (request, response) => {
    const { visitor, pool } = readTarget(request);
    claims.leave(visitor, pool);
    response.status(204).end();
  });
  app.get(route(api.paths.visitorTerminals), forServices, (request, response) => {
    response.json(describeTerminals(parse(visitorSchema, request.params.visitor), pools));
  });
  app.get(api.paths.pools, forServices, (_request, response) => {
    const reports = terminals.reports();
    response.json({
      pools: [...pools.all()].map((pool) => describePool(takeSnapshot(pool, clock(), claims.waiting(pool)), reports)),
    });
  });

  // A report has 150 bytes, but a process in a pod can send larger ones.
  app.post(api.paths.report, forPods, jsonBody('1kb'), async (request, response) => {
    response.json(await terminals.report(callingPod(request), parse(api.reportSchema, request.body)));
  });
  app.delete(api.paths.self, forPods, jsonBody('1kb'), async (request, response) => {
    // An invalid reason must not prevent the deletion.
    await terminals.end(callingPod(request), api.sessionEndSchema.safeParse(request.body).data);
    response.status(202).end();
  });

  app.use(notFound, apiRefusal, problemHandler(log));
  return app;
}

/** An unexpected rejection by the API server is not the caller's fault, and may be temporary. */
const apiRefusal: ErrorRequestHandler = (thrown, _request, _response, next) =>
  next(
    thrown instanceof ApiError
      ? new ServiceError('unavailable', 'The Kubernetes API refuses it.', { cause: thrown, retryAfter: 5 })
      : thrown,
  );

function answerClaim(
  { pools, clock }: Pick<AppOptions, 'pools' | 'clock'>,
  response: Response,
  claim: ClaimResult | Waiting,
  promised: api.Promised | undefined,
): void {
  if (claim.status === 'waiting') {
    return void response.status(202).json(describeWaiting(claim, clock(), promised));
  }
  const { pod, status, ticket, former } = claim;
  const terminal = describeTerminal(pod, pools);
  if (!terminal) throw addressUnknown();
  const answer: api.Claim = { ...terminal, status, ticket, ...(former && { former: withoutVisitor(former) }) };
  response.status(status === 'new' ? 201 : 200).json(answer);
}

const addressUnknown = () =>
  new ServiceError('unavailable', 'The address of the terminal is not known yet.', { retryAfter: 1 });

const withoutVisitor = ({ visitor: _visitor, ...former }: TerminalEnd): api.FormerTerminal => former;

/** Converts a path from OpenAPI (`{visitor}`) to express (`:visitor`). */
const route = (path: string): string => path.replace(/\{(\w+)\}/g, ':$1');

const targetSchema = z.object({ visitor: claimantSchema, pool: api.poolNameSchema.optional() });
const readTarget = (request: Request) =>
  parse(targetSchema, { visitor: request.params.visitor, pool: request.query.pool });

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) =>
    path.length ? `${path.join('.')}: ${message}` : message,
  );
  throw new ServiceError('invalid-request', `${problems.join('; ')}.`);
}
