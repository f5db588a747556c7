// What the manager and the webserver share as HTTP servers: listening as a part of a service, and one error handler.

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
  /** What the port is called where it is set. */
  setting?: string;
  /** How long an answer may take at most that is under way when `signal` is aborted. */
  drainMs?: number;
  /** Aborted once the end is known: a connection on which somebody is answered from then on is not kept. */
  leaving?: AbortSignal;
  /**
   * Connections at once, without those that were released (limit-connections.ts). One more closes another, of the address that
   * has the most.
   */
  connectionLimit?: number;
  /** How long a client may take to send the headers of a request, in milliseconds. */
  headersTimeoutMs?: number;
  /** Whether `handler` answers upgrade requests too. */
  upgrades?: boolean;
  onListening?: (at: Listening) => void;
};

// By default Node checks these times only every 30 s, so a client that sends half a request could hold its connection for
// that much longer.
const maxCheckingIntervalMs = 2_000;

// Browsers and proxies send about thirty. In memory a short header takes a hundred times its size on the line until its request ends.
// Node drops headers beyond its own limit from the end, and proxies add theirs there. So count them here.
const maxHeaders = 128;

/**
 * Serves `handler` until `signal` is aborted; then answers what is under way, for at most `drainMs`, and closes, what was
 * upgraded at once: whoever is at the other end finds another replica. Calls `onListening` with the real port (port 0
 * asks for any). Rejects with `invalid-config`, which names the `setting` that the port is of, when it is in use.
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
    if (leaving.aborted) keepNoLonger(response);
    handler(request, response);
  };
  leaving.addEventListener('abort', () => underWay.forEach(keepNoLonger), { once: true });
  const server = createServer({ requestTimeout: 30_000, headersTimeout, connectionsCheckingInterval }, answer);
  server.maxHeadersCount = 0;
  const limited = limitConnections(server, { limit });
  const upgraded = options.upgrades ? handleUpgrades(server, handler) : undefined;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') return reject(error);
      reject(new ServiceError('invalid-config', `${setting}=${port}: something else is listening there already`));
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

/** The status for a request that no route should see; undefined for any other. */
function refusalOf({ url, rawHeaders }: IncomingMessage): 400 | 431 | undefined {
  if (rawHeaders.length > 2 * maxHeaders) return 431;
  // Express answers a URL that it cannot parse with a page of its own.
  return URL.canParse(url ?? '', 'http://localhost') ? undefined : 400;
}

// Whoever keeps the connection would come back with the next request, up to the moment in which this process ends.
function keepNoLonger(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('connection', 'close');
}

/** For paths that no route has. */
export const notFound: RequestHandler = (request) => {
  throw new ServiceError('not-found', `There is nothing at ${request.method} ${request.path}.`);
};

/** Turns whatever a route threw into a problem document, and logs what is our fault. Goes last. */
export const problemHandler =
  (log: Logger): ErrorRequestHandler =>
  (thrown, request, response, next) => {
    // Whoever asked has hung up: there is nobody to answer.
    if (isAbort(thrown)) return void response.destroy();
    const error = fromBodyParser(thrown) ?? toServiceError(thrown);
    const about = { method: request.method, path: request.path, code: error.code, err: error.cause };
    if (error.code === 'internal') log.error(about, 'request failed');
    else log.debug(about, error.message);
    if (response.headersSent) return next(thrown);
    if (error.retryAfter !== undefined) response.set('retry-after', String(Math.ceil(error.retryAfter)));
    response
      .status(error.status)
      .type(problemType)
      .send(JSON.stringify(toProblem(error)));
  };

// express.json() throws http-errors, and the router a URIError for a path that cannot be decoded. Whatever else has a status,
// such as what another server has answered, is not about this request.
function fromBodyParser(thrown: unknown): ServiceError | undefined {
  if (thrown instanceof ServiceError || !(thrown instanceof Error) || !('status' in thrown)) return undefined;
  if (!('expose' in thrown || thrown instanceof URIError)) return undefined;
  if (thrown.status === 413) return new ServiceError('too-large', 'The body is too large.');
  if (typeof thrown.status !== 'number' || thrown.status < 400 || thrown.status >= 500) return undefined;
  return new ServiceError('invalid-request', `The request cannot be read: ${thrown.message}`);
}
