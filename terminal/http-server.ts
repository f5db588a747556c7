// The HTTP servers: one for the probes of the kubelet and the manager, one for browsers. They use different ports, so that no number of
// outside connections makes a probe fail.

import { createServer, type IncomingMessage, type RequestListener, type Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { ServiceError } from '../common/errors.ts';
import { limitConnections } from '../common/http/limit-connections.ts';
import { beginAnswer } from '../common/http/one-at-a-time.ts';
import { endBudget } from './end-budget.ts';

export type Health = {
  /** Why the container must be restarted, or undefined. */
  unhealthy: () => string | undefined;
  /** Why the pod must get no browsers, or undefined. */
  unready: () => string | undefined;
};

/**
 * The limit of connections without a ticket. A browser's connection has none until its first packet arrives. The limit is large enough that
 * a flood of thousands a second does not evict it meanwhile, and small enough for the pod's memory (11 KB each).
 */
const unproven = { limit: 512, deadlineMs: 2_000 };
/** The path of socket.io. */
const socketPath = '/socket.io/';

/** Serves /healthz and /readyz. */
export function createHealthServer({ unhealthy, unready }: Health): Server {
  const checks = new Map([
    ['/healthz', unhealthy],
    ['/readyz', unready],
  ]);
  return create((request, response) => {
    const check = checks.get(request.url?.split('?', 1)[0] ?? '');
    const reads = request.method === 'GET' || request.method === 'HEAD';
    const trouble = check?.();
    const [status, text] = !check || !reads ? [404, 'not found'] : trouble ? [503, trouble] : [200, 'ok'];
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
  });
}

/**
 * A server for socket.io, which adds its own handlers. Plain requests get 404. Call `release` for each connection with a valid ticket. The
 * others are limited in number, and closed after two seconds.
 */
export function createBrowserServer(): { server: Server; release: (socket: Socket) => void } {
  const server = create((_request, response) => {
    response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('not found\n');
  });
  // Node no longer handles errors of this socket. Without a listener, a reset during verification of the ticket would end the process.
  server.on('upgrade', (request: IncomingMessage) => {
    const { socket } = request;
    socket.on('error', () => {});
    if (!beginAnswer(request, new ServerResponse(request))) return;
    if (request.url?.split('?', 1)[0] !== socketPath) socket.destroy();
  });
  const { release } = limitConnections(server, unproven);
  return { server, release };
}

// connectionsCheckingInterval: by default Node checks for expired requests only every 30 s.
const create = (answer: RequestListener): Server =>
  createServer(
    { requestTimeout: 10_000, headersTimeout: 5_000, connectionsCheckingInterval: 1_000 },
    (request, response) => {
      if (!beginAnswer(request, response)) return;
      response.setHeader('connection', 'close');
      answer(request, response);
    },
  );

/**
 * Listens at a port, or, if `host` is a folder, at the Unix socket in it that is named after the port. Closes on `signal`. Rejects with
 * `invalid-config`, naming `setting`, if the port is in use.
 */
export async function listen(
  server: Server,
  at: {
    host: string | undefined;
    port: number;
    setting: string;
    onListening: (address: AddressInfo) => void;
  },
  signal: AbortSignal,
): Promise<void> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') return reject(error);
      reject(
        new ServiceError('invalid-config', `${at.setting}=${at.port}: another process already listens on this port`),
      );
    });
    const { host, port } = at;
    const where = host?.startsWith('/') ? { path: join(host, String(port)) } : { host, port };
    server.listen({ ...where, backlog: 511 }, resolve);
  });
  const address = server.address();
  if (address !== null && typeof address === 'object') at.onListening(address);
  await new Promise<void>((resolve) => {
    const close = () => {
      server.close(() => resolve());
      server.closeIdleConnections();
      setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, endBudget.lastWord).unref();
    };
    if (signal.aborted) close();
    else signal.addEventListener('abort', close, { once: true });
  });
}
