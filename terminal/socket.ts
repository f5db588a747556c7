// The socket.io edge. An upgrade request must bring a ticket that opens this pod: only then is there a WebSocket, which is all
// that socket.io sees of the outside.

import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Server } from 'socket.io';
import { ServiceError, toServiceError } from '../common/errors.ts';
import type { Logger } from '../common/log.ts';
import { terminalParser } from '../common/output-frames.ts';
import { longestCommand, runsNamespace } from '../common/runs.ts';
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
import type { RunNamespace, RunSocket } from './runs/server.ts';
import type { VerifyTicket } from './tickets/verify-ticket.ts';

/** Browsers at one terminal: the owner's windows and a few people who look on. */
const maxConnections = 16;

// In JSON a control character takes six bytes.
const longestMessage = Math.max(maxInputLength, longestCommand) * 6 + 16_384;

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
  /** Throws when there is no such run to attach to. */
  findRun: (run: string) => void;
  onRuns: (socket: RunSocket) => void;
  onCount: () => void;
  log: Logger;
};

const full = () => new ServiceError('unavailable', `There are ${maxConnections} browsers at this terminal already.`);

type Socked = {
  request: IncomingMessage;
  nsp: { name: string };
  data: { ticket: Ticket };
  conn: { close: () => void };
  once: (event: 'disconnect', listener: (reason: string) => void) => unknown;
};

const refusal = (code: Refusal['code'], message: string): Error =>
  Object.assign(new Error(message), { data: { code } satisfies Refusal });

/** Serves terminals on `server`. What it returns talks to every browser that is attached. */
export function createSocketServer(server: HttpServer, options: SocketServerOptions): Pages {
  const { verifyTicket, onTicket, admit, onConnection, findRun, onRuns, onCount, log } = options;
  const tickets = new WeakMap<IncomingMessage, { ticket: Ticket; used: Set<string>; open: number }>();
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
  const runs: RunNamespace = io.of(runsNamespace);

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
      tickets.set(request, { ticket, used: new Set(), open: 0 });
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

  /** The ticket of a connection, which opens each namespace once: whoever leaves it comes back with another. */
  function useTicket(socket: Socked): Ticket | undefined {
    const known = tickets.get(socket.request);
    if (!known || known.used.has(socket.nsp.name)) return undefined;
    known.used.add(socket.nsp.name);
    return known.ticket;
  }

  pages.use((socket, next) => {
    const handshake = handshakeSchema.safeParse(socket.handshake.auth);
    const ticket = useTicket(socket);
    if (!handshake.success || !ticket) return next(refusal('invalid-request', 'The handshake needs a size.'));
    const { size, run } = handshake.data;
    try {
      if (run !== undefined) findRun(run);
    } catch (error) {
      const { code, message } = toServiceError(error);
      return next(refusal(code, message));
    }
    socket.data = { ticket, size, run };
    next();
  });

  runs.use((socket, next) => {
    const ticket = useTicket(socket);
    if (!ticket) return next(refusal('invalid-request', 'The handshake needs a ticket of its own.'));
    socket.data = { ticket };
    next();
  });

  /** Serves a socket of either namespace, and closes the connection with the last of them. */
  function serve<S extends Socked>(socket: S, attach: (socket: S) => void, about: object): void {
    const { role, claim } = socket.data.ticket;
    const connection = tickets.get(socket.request);
    if (connection) connection.open += 1;
    log.info({ role, claim, ...about }, 'attached');
    socket.once('disconnect', (reason) => {
      log.info({ role, claim, reason, ...about }, 'detached');
      if (connection) connection.open -= 1;
      if (!connection || connection.open === 0) {
        seats.delete(socket.request.socket);
        socket.conn.close();
      }
      onCount();
    });
    try {
      // The session may have ended while the ticket was looked at.
      admit();
      attach(socket);
      onCount();
    } catch (error) {
      log.error({ err: error }, 'could not attach');
      socket.conn.close();
    }
  }

  pages.on('connection', (socket) => serve(socket, onConnection, { size: socket.data.size, run: socket.data.run }));
  runs.on('connection', (socket) => serve(socket, onRuns, { namespace: runsNamespace }));

  return {
    get count() {
      return new Set([...pages.sockets.values(), ...runs.sockets.values()].map(({ conn }) => conn)).size;
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
      runs.disconnectSockets(true);
    },
  };
}
