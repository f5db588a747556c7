// The socket.io edge. An upgrade request must bring a ticket that opens this pod: only then is there a WebSocket, which is all
// that socket.io sees of the outside.

import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Server } from 'socket.io';
import { ServiceError, toServiceError } from '../common/errors.ts';
import type { Logger } from '../common/log.ts';
import { terminalParser } from '../common/output-frames.ts';
import {
  type ClientEvents,
  type Ending,
  type EndReason,
  handshakeSchema,
  heartbeat,
  maxInputLength,
  type Refusal,
  type Saved,
  type Saving,
  type ServerEvents,
} from '../common/socket.ts';
import { offeredTicket } from '../common/socket-protocol.ts';
import type { Ticket } from '../common/ticket.ts';
import type { SocketData, TerminalSocket } from './connection.ts';
import { refuse } from './refuse.ts';
import type { VerifyTicket } from './tickets/verify-ticket.ts';

/** Browsers at one terminal: the owner's windows and a few people who look on. */
const maxConnections = 16;

// In JSON a control character takes six bytes.
const longestMessage = maxInputLength * 6 + 1_024;

export type Pages = {
  readonly count: number;
  ending: (ending: Ending | null) => void;
  saving: (saving: Saving) => void;
  ended: (reason: EndReason, saved: Saved | undefined) => void;
};

export type SocketServerOptions = {
  verifyTicket: VerifyTicket;
  /** Called with a connection whose ticket opens this pod. */
  onTicket: (socket: Socket) => void;
  /** Throws why nobody may attach at the moment, if so. */
  admit: () => void;
  onConnection: (socket: TerminalSocket) => void;
  onCount: () => void;
  log: Logger;
};

const full = () => new ServiceError('unavailable', `There are ${maxConnections} browsers at this terminal already.`);

/** Serves terminals on `server`. What it returns talks to every browser that is attached. */
export function createSocketServer(server: HttpServer, options: SocketServerOptions): Pages {
  const { verifyTicket, onTicket, admit, onConnection, onCount, log } = options;
  const tickets = new WeakMap<IncomingMessage, Ticket>();
  // Taken in the same turn as it is checked: a socket counts in `pages` only some turns after its handshake.
  const seats = new Set<Socket>();
  const isFull = () => seats.size >= maxConnections;
  const io = new Server<ClientEvents, ServerEvents, Record<string, never>, SocketData>(server, {
    transports: ['websocket'],
    parser: terminalParser,
    perMessageDeflate: false,
    httpCompression: false,
    serveClient: false,
    maxHttpBufferSize: longestMessage,
    // A line that is dead is noticed, so that its size no longer counts.
    ...heartbeat,
    connectTimeout: 5_000,
    allowRequest: (request, decide) => void check(request).then((allowed) => allowed && decide(null, true)),
  });
  const pages = io.of('/');

  /** Whether a WebSocket opens. If not, the request is answered here. */
  async function check(request: IncomingMessage): Promise<boolean> {
    const { socket } = request;
    if (socket.destroyed) return false;
    try {
      const text = offeredTicket(request.headers['sec-websocket-protocol']);
      if (text === undefined) throw new ServiceError('invalid-request', 'The handshake needs a ticket.');
      admit();
      // Before the ticket, so that one that cannot get in is not used up.
      if (isFull()) throw full();
      const ticket = await verifyTicket(text);
      // It may have been closed meanwhile: its two seconds are over, or its client has gone.
      if (socket.destroyed) return false;
      // After the ticket: a client without a valid one takes no seat from those who have.
      if (isFull()) throw full();
      seats.add(socket);
      socket.once('close', () => seats.delete(socket));
      onTicket(socket);
      tickets.set(request, ticket);
      return true;
    } catch (error) {
      const { code, message, cause } = toServiceError(error);
      if (code === 'internal') log.error({ err: cause }, 'handshake failed');
      // Not a line for each: anybody can send as many as they like.
      else log.debug({ code, reason: message }, 'handshake refused');
      refuse(request, { code, message });
      return false;
    }
  }

  pages.use((socket, next) => {
    const handshake = handshakeSchema.safeParse(socket.handshake.auth);
    const ticket = tickets.get(socket.request);
    // A ticket is for one session: whoever leaves it comes back with another.
    tickets.delete(socket.request);
    if (handshake.success && ticket) {
      socket.data = { ticket, size: handshake.data.size };
      return next();
    }
    const refusal: Refusal = { code: 'invalid-request' };
    next(Object.assign(new Error('The handshake needs a size.'), { data: refusal }));
  });

  pages.on('connection', (socket) => {
    const { role, claim } = socket.data.ticket;
    log.info({ role, claim, size: socket.data.size }, 'attached');
    socket.once('disconnect', (reason) => {
      log.info({ role, claim, reason }, 'detached');
      seats.delete(socket.request.socket);
      socket.conn.close();
      onCount();
    });
    try {
      // The session may have ended while the ticket was looked at.
      admit();
      onConnection(socket);
      onCount();
    } catch (error) {
      log.error({ err: error }, 'could not attach');
      socket.conn.close();
    }
  });

  return {
    get count() {
      return pages.sockets.size;
    },
    ending: (ending) => {
      pages.emit('ending', ending);
    },
    saving: (saving) => {
      pages.emit('saving', saving);
    },
    ended: (reason, saved) => {
      if (saved) pages.emit('ended', reason, saved);
      else pages.emit('ended', reason);
      pages.disconnectSockets(true);
    },
  };
}
