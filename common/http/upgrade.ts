// Requests that ask for another protocol (RFC 9110, 7.8) go through the same handler as all others: who asks is found out
// alike, what is refused is refused in the same words, and a route that agrees takes the connection over.

import { type IncomingMessage, type RequestListener, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { beginAnswer } from './one-at-a-time.ts';

/** Has `handler` answer upgrade requests of `server` too. What it returns closes their connections, and takes no more. */
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
    // What is wrong with a connection is told by its close.
    socket.on('error', () => {});
    if (head.length > 0) socket.unshift(head);
    if (!assign(response, socket)) return void socket.destroy();
    // An answer is the last: the connection has lost the parser of further requests.
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

// Node answers some requests by itself (without Host, with an unknown Expect). It throws where such an answer is not sent yet.
function assign(response: ServerResponse, socket: Socket): boolean {
  try {
    response.assignSocket(socket);
    return true;
  } catch {
    return false;
  }
}

/** Whether the connection of `request` can be taken over for the protocol that it asks for. */
export const isUpgrade = (request: IncomingMessage, protocol: string): boolean =>
  // Set by Node where there is a listener for upgrades, which is not in its types.
  (request as { upgrade?: boolean }).upgrade === true && request.headers.upgrade?.toLowerCase() === protocol;

/** The connection behind a response that will not be sent. It is the caller's from now on, and may be closed already. */
export function takeOver(response: ServerResponse): Socket {
  const { socket } = response.req;
  if (response.socket) response.detachSocket(socket);
  return socket;
}
