// The HTTP edge: one server for the kubelet's and the manager's probes, one for browsers. They listen on different ports, so
// that no number of connections from outside makes a probe fail.

import { createServer, type IncomingMessage, type RequestListener, type Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { ServiceError } from '../common/errors.ts';
import { limitConnections } from '../common/http/limit-connections.ts';
import { beginAnswer } from '../common/http/one-at-a-time.ts';
import { endBudget } from './end-budget.ts';

export type Health = {
  /** Why the container should be restarted, if it should. */
  unhealthy: () => string | undefined;
  /** Why nobody should be sent here, if nobody should. */
  unready: () => string | undefined;
};

/**
 * Connections without a ticket: a browser's has none for as long as its first packet is on its way. Enough that, of a flood from
 * addresses that look alike, thousands a second do not push it out; few enough to fit into the pod's memory (11 KB each).
 */
const unproven = { limit: 512, deadlineMs: 2_000 };
/** Where socket.io listens. */
const socketPath = '/socket.io/';

/** Answers /healthz and /readyz. */
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
 * For socket.io, which adds its own handlers. Every plain request is answered with 404. `release` is to be called for each
 * connection that has brought a valid ticket; the others are few, and closed after two seconds.
 */
export function createBrowserServer(): { server: Server; release: (socket: Socket) => void } {
  const server = create((_request, response) => {
    response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('not found\n');
  });
  // Node has given up the socket by now: without a listener, a reset while the ticket is verified would end the process.
  server.on('upgrade', (request: IncomingMessage) => {
    const { socket } = request;
    socket.on('error', () => {});
    if (!beginAnswer(request, new ServerResponse(request))) return;
    if (request.url?.split('?', 1)[0] !== socketPath) socket.destroy();
  });
  const { release } = limitConnections(server, unproven);
  return { server, release };
}

// The last setting is how often Node looks for requests that are over their time: by itself as seldom as every 30 s.
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
 * Listens at a port, or, where `host` is a folder, at the Unix socket in it that is named after the port; until `signal`,
 * then closes. Rejects with `invalid-config`, which names the `setting`, when the port is taken.
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
