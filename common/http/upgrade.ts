// Passes upgrade requests (RFC 9110, 7.8) through the same handler as all others, so authentication and refusals are the same. A route
// that accepts the upgrade takes over the connection.

import { type IncomingMessage, type RequestListener, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { beginAnswer } from './one-at-a-time.ts';

/** Passes upgrade requests of `server` to `handler`. `close` closes their connections and refuses new ones. */
export function handleUpgrades(server: Server, handler: RequestListener): { close: () => void } {
  const open = new Set<Socket>();
  let closed = false;
  server.on('upgrade', (request: IncomingMessage, _stream, head: Buffer) => {
    const { socket } = request;
    const response = new ServerResponse(request);
    if (closed) return void socket.destroy();
    if (!beginAnswer(request, response)) return;
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    // An error is always followed by `close`, which is handled.
    socket.on('error', () => {});
    if (head.length > 0) socket.unshift(head);
    if (!assign(response, socket)) return void socket.destroy();
    // No further request can follow: the connection has no HTTP parser any more.
    response.shouldKeepAlive = false;
    response.once('finish', () => socket.destroySoon());
    handler(request, response);
  });
  return {
    close() {
      closed = true;
      for (const socket of open) socket.destroy();
    },
  };
}

// Node answers some requests by itself (without Host, with an unknown Expect). It throws here if such an answer is not sent yet.
function assign(response: ServerResponse, socket: Socket): boolean {
  try {
    response.assignSocket(socket);
    return true;
  } catch {
    return false;
  }
}

/** Whether `request` asks for `protocol` and its connection can be taken over. */
export const isUpgrade = (request: IncomingMessage, protocol: string): boolean =>
  // Node sets `upgrade` if there is a listener for upgrades. It is missing in the types.
  (request as { upgrade?: boolean }).upgrade === true && request.headers.upgrade?.toLowerCase() === protocol;

/** The connection behind a response that will not be sent. The caller owns it; it may be closed already. */
export function takeOver(response: ServerResponse): Socket {
  const { socket } = response.req;
  if (response.socket) response.detachSocket(socket);
  return socket;
}
