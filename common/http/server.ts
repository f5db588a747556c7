// What the HTTP servers of the manager and the webserver share: listening as a part of a service, and one error handler.

import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import { isAbort, ServiceError, toServiceError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { limitConnections } from './limit-connections.ts';
import { beginAnswer } from './one-at-a-time.ts';
import { problemType, toProblem } from './problem.ts';
import { handleUpgrades } from './upgrade.ts';

export type Listening = { host: string; port: number };

export type ServeOptions = {
  host: string;
  port: number;
  /** The setting of the port, for messages. */
  setting?: string;
  /** How long requests in progress may take after `signal` is aborted. */
  drainMs?: number;
  /** Aborted when shutdown begins: from then on, connections close after their answer. */
  leaving?: AbortSignal;
  /**
   * The maximum of open connections, without those that were released (limit-connections.ts). One more closes another, of the address that
   * has the most.
   */
  connectionLimit?: number;
  /** How long a client may take to send the headers of a request, in milliseconds. */
  headersTimeoutMs?: number;
  /** Whether `handler` also gets upgrade requests. */
  upgrades?: boolean;
  onListening?: (at: Listening) => void;
};

// By default Node checks these times only every 30 s, so a client that sends half a request could hold its connection 30 s longer.
const maxCheckingIntervalMs = 2_000;

// Browsers and proxies send about thirty. Until its request ends, a short header takes a hundred times its size in memory.
// Node silently drops the headers beyond its own limit, and those are the ones that proxies add. So count them here.
const maxHeaders = 128;

/**
 * Serves `handler` until `signal` is aborted. Then it closes upgraded connections at once, since their clients find another replica, and
 * gives requests in progress `drainMs`. Calls `onListening` with the real port (port 0 asks for any). Rejects with `invalid-config`,
 * naming `setting`, if the port is in use.
 */
export async function serve(handler: RequestListener, options: ServeOptions, signal: AbortSignal): Promise<void> {
  const { host, port, setting = 'PORT', drainMs = 5_000, leaving = signal, onListening } = options;
  const { headersTimeoutMs: headersTimeout = 10_000, connectionLimit: limit = 1_000 } = options;
  const connectionsCheckingInterval = Math.min(maxCheckingIntervalMs, headersTimeout / 5);
  const underWay = new Set<ServerResponse>();
  const answer: RequestListener = (request, response) => {
    if (!beginAnswer(request, response)) return;
    const refusal = refusalOf(request);
    if (refusal) {
      response.writeHead(refusal, { connection: 'close' }).end();
      return;
    }
    limited.work(request, response);
    underWay.add(response);
    response.once('close', () => underWay.delete(response));
    if (leaving.aborted) closeAfterResponse(response);
    handler(request, response);
  };
  leaving.addEventListener('abort', () => underWay.forEach(closeAfterResponse), { once: true });
  const server = createServer({ requestTimeout: 30_000, headersTimeout, connectionsCheckingInterval }, answer);
  server.maxHeadersCount = 0;
  const limited = limitConnections(server, { limit });
  const upgraded = options.upgrades ? handleUpgrades(server, handler) : undefined;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') return reject(error);
      reject(new ServiceError('invalid-config', `${setting}=${port}: another process already listens on this port`));
    });
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  onListening?.({ host: address.address, port: address.port });
  await new Promise<void>((resolve) => {
    const close = () => {
      server.close(() => resolve());
      server.closeIdleConnections();
      upgraded?.close();
      setTimeout(() => server.closeAllConnections(), drainMs).unref();
    };
    if (signal.aborted) close();
    else signal.addEventListener('abort', close, { once: true });
  });
}

/** The status for a request that no route should see; undefined for a valid one. */
function refusalOf({ url, rawHeaders }: IncomingMessage): 400 | 431 | undefined {
  if (rawHeaders.length > 2 * maxHeaders) return 431;
  // Without this check Express answers such a URL with an HTML page.
  return URL.canParse(url ?? '', 'http://localhost') ? undefined : 400;
}

// A client that keeps the connection would send its next request to a process that is about to exit.
function closeAfterResponse(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('connection', 'close');
}

/** For paths without a route. */
export const notFound: RequestHandler = (request) => {
  throw new ServiceError('not-found', `There is no endpoint ${request.method} ${request.path}.`);
};

/** Turns errors of routes into problem documents, and logs internal ones. Goes last. */
export const problemHandler =
  (log: Logger): ErrorRequestHandler =>
  (thrown, request, response, next) => {
    // The client has disconnected, so there is no one to answer.
    if (isAbort(thrown)) return void response.destroy();
    const error = fromBodyParser(thrown) ?? toServiceError(thrown);
    const about = { method: request.method, path: request.path, code: error.code, err: error.cause };
    if (error.code === 'internal') log.error(about, 'request failed with an internal error');
    else log.debug(about, error.message);
    if (response.headersSent) return next(thrown);
    if (error.retryAfter !== undefined) response.set('retry-after', String(Math.ceil(error.retryAfter)));
    response
      .status(error.status)
      .type(problemType)
      .send(JSON.stringify(toProblem(error)));
  };

// express.json() throws http-errors, and the router a URIError for a path that cannot be decoded. Other errors with a status, such as
// another server's answer, are not about this request.
function fromBodyParser(thrown: unknown): ServiceError | undefined {
  if (thrown instanceof ServiceError || !(thrown instanceof Error) || !('status' in thrown)) return undefined;
  if (!('expose' in thrown || thrown instanceof URIError)) return undefined;
  if (thrown.status === 413) return new ServiceError('too-large', 'The body is too large.');
  if (typeof thrown.status !== 'number' || thrown.status < 400 || thrown.status >= 500) return undefined;
  return new ServiceError('invalid-request', `The request cannot be read: ${thrown.message}`);
}
