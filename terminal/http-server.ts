// The HTTP edge: the kubelet's two questions, and nothing else. socket.io hangs itself onto the same server.

import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { ServiceError } from '../common/errors.ts';

export type Health = {
  /** Why the container should be restarted, if it should. */
  unhealthy: () => string | undefined;
  /** Why nobody should be sent here, if nobody should. */
  unready: () => string | undefined;
};

/** Connections of any kind at once: more than people need, fewer than would fill the pod's memory. */
const mostConnections = 256;
/** How long a page may take to read the last word. */
const drainMs = 200;

/** Answers /healthz and /readyz. */
export function createHealthServer({ unhealthy, unready }: Health): Server {
  const checks = new Map([
    ['/healthz', unhealthy],
    ['/readyz', unready],
  ]);
  // The last is how often Node looks for those that are over their time: by itself as seldom as every 30 s.
  const server = createServer(
    { requestTimeout: 10_000, headersTimeout: 5_000, connectionsCheckingInterval: 1_000 },
    (request, response) => {
      const check = checks.get(request.url?.split('?', 1)[0] ?? '');
      const reads = request.method === 'GET' || request.method === 'HEAD';
      const trouble = check?.();
      const [status, text] = !check || !reads ? [404, 'not found'] : trouble ? [503, trouble] : [200, 'ok'];
      response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
      response.end(`${text}\n`);
    },
  );
  server.maxConnections = mostConnections;
  return server;
}

/** Listens until `signal`, then closes. Rejects with `invalid-config` when the port is taken. */
export async function listen(
  server: Server,
  at: { host: string | undefined; port: number; onListening: (address: AddressInfo) => void },
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
      reject(new ServiceError('invalid-config', `PORT=${at.port}: something else is listening there already`));
    });
    server.listen({ port: at.port, host: at.host, backlog: 64 }, resolve);
  });
  const address = server.address();
  if (address !== null && typeof address === 'object') at.onListening(address);
  await new Promise<void>((resolve) => {
    const close = () => {
      server.close(() => resolve());
      server.closeIdleConnections();
      setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, drainMs).unref();
    };
    if (signal.aborted) close();
    else signal.addEventListener('abort', close, { once: true });
  });
}
