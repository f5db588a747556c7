// One connection to a terminal, with a ticket that is valid for it alone. link.ts reconnects.

import type { Agent } from 'node:http';
import type { Socket } from 'socket.io-client';
import { browserParser } from '../../common/output-frames.ts';
import type { Refusal } from '../../common/socket.ts';
import { offerTicket } from '../../common/socket-protocol.ts';

export type Dial = {
  /** Origin. */
  url: string;
  path: string;
  query: Record<string, string>;
  namespace: string;
  /** The `auth` of the namespace's handshake. */
  auth: Record<string, unknown>;
  ticket: string;
  agent: Agent | undefined;
  /** The timeout until it is open. */
  patienceMs: number;
};

/** Why a connection did not open: the terminal refused (`code`), or it failed. */
export class DialError extends Error {
  readonly code: Refusal['code'] | undefined;
  readonly how: 'refused' | 'turned away' | 'unanswered';

  constructor(how: DialError['how'], message: string, code?: Refusal['code']) {
    super(message);
    this.how = how;
    this.code = code;
  }
}

/** A connected socket of `namespace`. `prepare` adds listeners before data can arrive. Throws a DialError. */
export async function dial(to: Dial, prepare: (socket: Socket) => void, signal: AbortSignal): Promise<Socket> {
  const { io } = await import('socket.io-client');
  signal.throwIfAborted();
  const socket = io(to.url + (to.namespace === '/' ? '' : to.namespace), {
    path: to.path,
    query: to.query,
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    protocols: offerTicket(to.ticket),
    auth: to.auth,
    perMessageDeflate: { threshold: Number.MAX_SAFE_INTEGER },
    // Node's agent: the types cover browsers only.
    ...(to.agent && { agent: to.agent as unknown as string }),
    parser: browserParser,
  });
  prepare(socket);
  let giveUp: (reason: unknown) => void = () => {};
  const close = () => {
    giveUp(signal.reason);
    socket.disconnect();
  };
  signal.addEventListener('abort', close, { once: true });
  socket.once('disconnect', () => signal.removeEventListener('abort', close));
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      giveUp = reject;
      timer = setTimeout(() => reject(new DialError('unanswered', 'no answer')), to.patienceMs);
      socket.once('connect', resolve);
      socket.once('connect_error', (error) => {
        const code = (error as { data?: Partial<Refusal> }).data?.code;
        reject(new DialError(code ? 'refused' : 'turned away', code ? error.message : reasonOf(error), code));
      });
      socket.once('disconnect', (reason) => reject(new DialError('turned away', reason)));
    });
    return socket;
  } catch (error) {
    signal.removeEventListener('abort', close);
    socket.disconnect();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** What the WebSocket reported. socket.io itself says only "websocket error". */
function reasonOf(error: Error): string {
  const { description } = error as { description?: { message?: unknown } };
  const reason =
    typeof description?.message === 'string' && description.message !== '' ? description.message : error.message;
  const [, status] = /^Unexpected server response: (\d{3})$/.exec(reason) ?? [];
  if (status === '426') return 'the answer to the WebSocket was 426: a proxy on the way drops the Upgrade header';
  return status === undefined ? reason : `the answer to the WebSocket was ${status}`;
}

/** Closes the connection of `socket`, with all of its namespaces. */
export const closeConnection = (socket: Pick<Socket, 'io'>): void => void socket.io.engine.close();
