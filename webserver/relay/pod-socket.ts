// Opens the WebSocket of a terminal in the place of a browser (RFC 6455, 4.1). Of what the browser sent, only the key,
// the version and the ticket go along: cookies, tokens and addresses are no business of a pod that belongs to a visitor.

import { type IncomingMessage, request as startRequest } from 'node:http';
import type { Socket } from 'node:net';
import { isAbort, ServiceError } from '../../common/errors.ts';
import type { PodAddress } from '../../common/manager-api.ts';
import { offerTicket } from '../../common/socket-protocol.ts';

/** An open WebSocket, on which nothing but its own frames come any more. */
export type PodSocket = {
  socket: Socket;
  /** Proves to the browser that its key was read: `Sec-WebSocket-Accept`. */
  accept: string;
};

export type Handshake = { key: string; version: string; ticket: string };

// Where socket.io listens, and what it is asked for: the same for every terminal.
const path = '/socket.io/?EIO=4&transport=websocket';

/**
 * Throws `timeout` after `deadlineMs`, and `unavailable` when the terminal cannot be reached or does not speak WebSocket.
 * When `signal` is aborted nobody waits for it any more, and it throws that.
 */
export async function openPodSocket(
  { host, port }: PodAddress,
  { key, version, ticket }: Handshake,
  { deadlineMs, signal }: { deadlineMs: number; signal: AbortSignal },
): Promise<PodSocket> {
  signal.throwIfAborted();
  const request = startRequest({
    host,
    port,
    path,
    // A connection of its own, which no later request may be sent on.
    agent: false,
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-key': key,
      'sec-websocket-version': version,
      'sec-websocket-protocol': offerTicket(ticket).join(', '),
    },
  });
  const late = new ServiceError('timeout', 'The terminal did not answer in time.');
  const timer = setTimeout(() => request.destroy(late), deadlineMs);
  const leave = () => request.destroy(signal.reason);
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await new Promise((resolve, reject) => {
      request.once('upgrade', (answer, socket, head) => {
        const accept = answer.headers['sec-websocket-accept'];
        if (accept === undefined) {
          socket.destroy();
          return reject(noTerminal(answer));
        }
        if (head.length > 0) socket.unshift(head);
        resolve({ socket, accept });
      });
      request.once('response', (answer) => {
        request.destroy();
        reject(noTerminal(answer));
      });
      // No WebSocket begins with an interim answer (1xx), and a hostile server can send them for ever.
      request.once('information', (answer) => {
        request.destroy();
        reject(noTerminal(answer));
      });
      request.on('error', (error) => reject(toUnavailable(error)));
      request.end();
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', leave);
  }
}

const noTerminal = ({ statusCode }: Pick<IncomingMessage, 'statusCode'>) =>
  new ServiceError('unavailable', `The terminal does not open a WebSocket: it answers ${statusCode}.`);

function toUnavailable(error: Error): Error {
  if (error instanceof ServiceError || isAbort(error)) return error;
  return new ServiceError('unavailable', 'The terminal cannot be reached.', { cause: error });
}
