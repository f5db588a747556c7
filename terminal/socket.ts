// The socket.io edge: checks who knocks, and lets those in whose ticket opens this pod.

import type { Server as HttpServer } from 'node:http';
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
import type { SocketData, TerminalSocket } from './connection.ts';
import type { VerifyTicket } from './tickets/verify-ticket.ts';

/** Browsers at one terminal: the owner's windows and a few people who look on. */
const mostConnections = 16;

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
  /** Throws why nobody may attach at the moment, if so. */
  admit: () => void;
  onConnection: (socket: TerminalSocket) => void;
  onCount: () => void;
  log: Logger;
};

/** Serves terminals on `server`. What it returns talks to every browser that is attached. */
export function createSocketServer(server: HttpServer, options: SocketServerOptions): Pages {
  const { verifyTicket, admit, onConnection, onCount, log } = options;
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
  });
  const pages = io.of('/');

  pages.use((socket, next) => {
    (async () => {
      const handshake = handshakeSchema.safeParse(socket.handshake.auth);
      if (!handshake.success) throw new ServiceError('invalid-request', 'The handshake needs a ticket and a size.');
      admit();
      const { ticket: text, size } = handshake.data;
      if (pages.sockets.size >= mostConnections) {
        throw new ServiceError('unavailable', `There are ${mostConnections} browsers at this terminal already.`);
      }
      const ticket = await verifyTicket(text);
      socket.data = { ticket, size };
    })().then(
      () => next(),
      (error: unknown) => {
        const { code, message, cause } = toServiceError(error);
        if (code === 'internal') log.error({ err: cause }, 'handshake failed');
        else log.info({ code, reason: message }, 'handshake refused');
        next(Object.assign(new Error(message), { data: { code } satisfies Refusal }));
      },
    );
  });

  pages.on('connection', (socket) => {
    const { role, claim } = socket.data.ticket;
    log.info({ role, claim, size: socket.data.size }, 'attached');
    socket.once('disconnect', (reason) => {
      log.info({ role, claim, reason }, 'detached');
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
