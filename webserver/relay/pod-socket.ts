// Opens the WebSocket of a terminal on behalf of a browser (RFC 6455, 4.1). It forwards only the key, the version and the ticket: cookies,
// tokens and addresses must not reach a pod that another visitor may control.

import { type IncomingMessage, request as startRequest } from 'node:http';
import type { Socket } from 'node:net';
import { isAbort, ServiceError } from '../../common/errors.ts';
import type { PodAddress } from '../../common/manager-api.ts';
import { offerTicket } from '../../common/socket-protocol.ts';

/** An open WebSocket. All further bytes are its frames. */
export type PodSocket = {
  socket: Socket;
  /** `Sec-WebSocket-Accept`, which proves to the browser that its key was read. */
  accept: string;
};

export type Handshake = { key: string; version: string; ticket: string };

// The path and query of socket.io, the same for every terminal.
const path = '/socket.io/?EIO=4&transport=websocket';

/**
 * Throws `timeout` after `deadlineMs`, `unavailable` if the terminal cannot be reached or does not accept the WebSocket, and the reason of
 * `signal` if that is aborted.
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
    // A connection of its own, not shared with later requests.
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
      // An interim answer (1xx) does not open a WebSocket, and a hostile server could send them without end.
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
