// What the manager and the webserver share as HTTP servers: listening as a part of a service, and one error handler.

import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import { isAbort, ServiceError, toServiceError } from '../errors.ts';
import type { Logger } from '../log.ts';
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
  /** Whether `handler` answers upgrade requests too. */
  upgrades?: boolean;
  onListening?: (at: Listening) => void;
};

// Node looks for those that are over their time as seldom as every 30 s, unless told otherwise: so much longer could anybody
// hold a connection by sending half of a request.
const connectionsCheckingInterval = 2_000;

/**
 * Serves `handler` until `signal` is aborted; then answers what is under way, for at most `drainMs`, and closes, what was
 * upgraded at once: whoever is at the other end finds another replica. Calls `onListening` with the real port (port 0
 * asks for any). Rejects with `invalid-config`, which names the `setting` that the port is of, when it is in use.
 */
export async function serve(handler: RequestListener, options: ServeOptions, signal: AbortSignal): Promise<void> {
  const { host, port, setting = 'PORT', drainMs = 5_000, leaving = signal, onListening } = options;
  const underWay = new Set<ServerResponse>();
  const answer: RequestListener = (request, response) => {
    underWay.add(response);
    response.once('close', () => underWay.delete(response));
    if (leaving.aborted) keepNoLonger(response);
    handler(request, response);
  };
  leaving.addEventListener('abort', () => underWay.forEach(keepNoLonger), { once: true });
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000, connectionsCheckingInterval }, answer);
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
