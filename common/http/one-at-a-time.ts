// Allows one request at a time on each connection. HTTP/1.1 lets a client send more before the first is answered (pipelining, RFC 9112,
// 9.3.2). Node.js queues such requests without a bound, and lets an upgrade request overtake them. Our clients, browsers and common
// proxies do not pipeline, so a connection that does is closed.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

const busy = new WeakSet<Socket>();

/**
 * Marks the connection of `request` as busy until `response` is sent. Returns false and closes the connection if an earlier request is
 * not answered yet: then ignore the request.
 */
export function beginAnswer(request: IncomingMessage, response: ServerResponse): boolean {
  const { socket } = request;
  if (busy.has(socket)) {
    socket.destroy();
    return false;
  }
  busy.add(socket);
  const end = () => busy.delete(socket);
  response.once('finish', end);
  response.once('close', end);
  return !socket.destroyed;
}
