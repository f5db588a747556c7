// The socket.io server. An upgrade request needs a ticket for this pod before a WebSocket opens, and socket.io accepts WebSockets only.

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

/** The maximum of browsers at a terminal: the owner's windows and a few viewers. */
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
  /** Called with each connection that has a valid ticket. */
  onTicket: (socket: Socket) => void;
  /** Throws the reason if no browser may attach at the moment. */
  admit: () => void;
  onConnection: (socket: TerminalSocket) => void;
  /** Throws if there is no such run to attach to. */
  findRun: (run: string) => void;
  onRuns: (socket: RunSocket) => void;
  onCount: () => void;
  log: Logger;
};

const full = () =>
  new ServiceError('unavailable', `${maxConnections} browsers are already attached to this terminal. Close one first.`);

type Socked = {
  request: IncomingMessage;
  nsp: { name: string };
  data: { ticket: Ticket };
  conn: { close: () => void };
  once: (event: 'disconnect', listener: (reason: string) => void) => unknown;
};

const refusal = (code: Refusal['code'], message: string): Error =>
  Object.assign(new Error(message), { data: { code } satisfies Refusal });

/** Serves terminals on `server`. Returns functions that reach all attached browsers. */
export function createSocketServer(server: HttpServer, options: SocketServerOptions): Pages {
  const { verifyTicket, onTicket, admit, onConnection, findRun, onRuns, onCount, log } = options;
  const tickets = new WeakMap<IncomingMessage, { ticket: Ticket; used: Set<string>; open: number }>();
  // Counted at the check, because a socket appears in `pages` only later, after its handshake.
  const seats = new Set<Socket>();
  const isFull = () => seats.size >= maxConnections;
  const io = new Server<ClientEvents, ServerEvents, Record<string, never>, SocketData>(server, {
    transports: ['websocket'],
    parser: terminalParser,
    perMessageDeflate: false,
    httpCompression: false,
    serveClient: false,
    maxHttpBufferSize: longestMessage,
    // Detects dead connections, so that their size no longer counts.
    ...heartbeat,
    connectTimeout: 5_000,
    allowRequest: (request, decide) => void check(request).then((allowed) => allowed && decide(null, true)),
  });
  const pages = io.of('/');
  const runs: RunNamespace = io.of(runsNamespace);

  /** Whether a WebSocket may open. If not, answers the request. */
  async function check(request: IncomingMessage): Promise<boolean> {
    const { socket } = request;
    if (socket.destroyed) return false;
    try {
      const text = offeredTicket(request.headers['sec-websocket-protocol']);
      if (text === undefined) throw new ServiceError('invalid-request', 'The handshake needs a ticket.');
      admit();
      // Check this before the ticket, so that a refused connection does not use it up.
      if (isFull()) throw full();
      const ticket = await verifyTicket(text);
      // It may have been closed meanwhile, by its timeout or its client.
      if (socket.destroyed) return false;
      // Check again after the ticket, because only clients with a valid ticket take a seat.
      if (isFull()) throw full();
      seats.add(socket);
      socket.once('close', () => seats.delete(socket));
      onTicket(socket);
      tickets.set(request, { ticket, used: new Set(), open: 0 });
      return true;
    } catch (error) {
      const { code, message, cause } = toServiceError(error);
      if (code === 'internal') log.error({ err: cause }, 'a socket handshake failed with an internal error');
      // At debug level: any client can send any number of these.
      else log.debug({ code, reason: message }, 'refused a socket handshake');
      refuse(request, { code, message });
      return false;
    }
  }

  /** The ticket of a connection, valid once in each namespace. To reconnect to a namespace, a client needs a new ticket. */
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

  /** Serves a socket of either namespace, and closes the connection with the last one. */
  function serve<S extends Socked>(socket: S, attach: (socket: S) => void, about: object): void {
    const { role, claim } = socket.data.ticket;
    const connection = tickets.get(socket.request);
    if (connection) connection.open += 1;
    log.info({ role, claim, ...about }, 'client attached');
    socket.once('disconnect', (reason) => {
      log.info({ role, claim, reason, ...about }, 'client detached');
      if (connection) connection.open -= 1;
      if (!connection || connection.open === 0) {
        seats.delete(socket.request.socket);
        socket.conn.close();
      }
      onCount();
    });
    try {
      // The session may have ended while the ticket was verified.
      admit();
      attach(socket);
      onCount();
    } catch (error) {
      log.error({ err: error }, 'could not attach a browser to tmux; closing its connection');
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
