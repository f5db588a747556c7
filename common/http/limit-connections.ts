// Bounds the connections of a server that have not shown who they are. Those that have are released: no number of the others
// ever harms them.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server, Socket } from 'node:net';
import { ConnectionBudget } from './connection-budget.ts';
import { networkOf } from './network.ts';
import { reset } from './reset.ts';

export type ConnectionLimit = {
  /** While the server works on `response` its connection goes after those that only wait for their client. */
  work: (request: IncomingMessage, response: ServerResponse) => void;
  /** As `releaseConnection`. */
  release: (socket: Socket) => void;
};

// A deadline is counted in steps. A process that had no processor for a while finds its timers over before it reads what has
// arrived meanwhile: such a pause costs a client one step, not all of its time.
const steps = 4;

const limits = new WeakMap<Socket, ConnectionLimit>();

/** `socket` belongs to a client that is authenticated: it is not counted any more, and has no deadline. */
export const releaseConnection = (socket: Socket): void => limits.get(socket)?.release(socket);

/**
 * Lets `limit` connections of `server` be open, and each for `deadlineMs`. When they are too many it closes one of the
 * address that has the most, never the newest.
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
  // A reset frees the connection in the kernel at once, even when the client has unread data.
  const drop = (socket: Socket) => {
    release(socket);
    reset(socket);
  };

  const limited: ConnectionLimit = {
    work(request, response) {
      const { socket } = request;
      const begin = () => budget.setBusy(socket, !response.writableEnded);
      // A body that is still to come is the client's work, and so is reading the answer.
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
