// Limits the connections of clients that have not authenticated. Authenticated connections are released, so no number of others harms them.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server, Socket } from 'node:net';
import { ConnectionBudget } from './connection-budget.ts';
import { networkOf } from './network.ts';
import { reset } from './reset.ts';

export type ConnectionLimit = {
  /** While the server works on `response`, its connection is evicted only after idle ones. */
  work: (request: IncomingMessage, response: ServerResponse) => void;
  /** See `releaseConnection`. */
  release: (socket: Socket) => void;
};

// The deadline is counted in steps. After a pause of the process, timers fire before arrived data is read. With steps, a pause costs a
// client one step instead of all of its time.
const steps = 4;

const limits = new WeakMap<Socket, ConnectionLimit>();

/** Stops counting `socket`, and removes its deadline: its client is authenticated. */
export const releaseConnection = (socket: Socket): void => limits.get(socket)?.release(socket);

/**
 * Allows `server` up to `limit` open connections, each for `deadlineMs`. Beyond that it closes one of the address with the most
 * connections, never the newest.
 */
export function limitConnections(
  server: Server,
  { limit, deadlineMs }: { limit: number; deadlineMs?: number },
): ConnectionLimit {
  const budget = new ConnectionBudget<Socket>(limit);
  const deadlines = new Map<Socket, NodeJS.Timeout>();

  function release(socket: Socket): void {
    budget.remove(socket);
    clearTimeout(deadlines.get(socket));
    deadlines.delete(socket);
  }
  // A reset frees the connection in the kernel at once, even if the client has unread data.
  const drop = (socket: Socket) => {
    release(socket);
    reset(socket);
  };

  const limited: ConnectionLimit = {
    work(request, response) {
      const { socket } = request;
      const begin = () => budget.setBusy(socket, !response.writableEnded);
      // The server's work begins when the body is complete: sending it is the client's part, as is reading the answer.
      process.nextTick(() => (request.complete ? begin() : request.once('end', begin)));
      response.once('prefinish', () => budget.setBusy(socket, false));
    },
    release,
  };
  server.on('connection', (socket) => {
    limits.set(socket, limited);
    socket.once('close', () => release(socket));
    const victim = budget.add(socket, networkOf(socket.remoteAddress ?? ''));
    if (victim) drop(victim);
    if (deadlineMs !== undefined) countDown(socket, deadlineMs / steps, steps);
  });

  function countDown(socket: Socket, stepMs: number, left: number): void {
    if (left === 0) drop(socket);
    else deadlines.set(socket, setTimeout(() => countDown(socket, stepMs, left - 1), stepMs).unref());
  }
  return limited;
}
