// A terminal double that speaks common/socket.ts over real socket.io. It echoes input, records what it
// receives, and does what a test requests.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type DefaultEventsMap, Server, type Socket } from 'socket.io';
import type { ErrorCode } from '../../common/errors.ts';
import { terminalParser } from '../../common/output-frames.ts';
import {
  type Attached,
  acknowledgeEvery,
  type ClientEvents,
  type Found,
  handshakeSchema,
  heartbeat,
  longestSearch,
  maxInputLength,
  pasting,
  type Search,
  type ServerEvents,
  type Size,
} from '../../common/socket.ts';
import { offeredTicket } from '../../common/socket-protocol.ts';
import type { TerminalWindow, WindowRefusal, WindowRequest } from '../../common/windows.ts';
import type { Teardown } from './webserver-listen.ts';

export type TerminalSocket = Socket<ClientEvents, ServerEvents, DefaultEventsMap, unknown>;

export type TerminalDouble = {
  host: string;
  port: number;
  handshakes: { ticket: string | undefined; size: Size; run?: string }[];
  /** The headers and `auth` of each handshake. */
  received: unknown[];
  inputs: (string | Uint8Array)[];
  /** Whether it acknowledges input. */
  takes: boolean;
  sizes: Size[];
  /** The searches so far, null for a search that was closed; and the result that it sends. */
  searches: (Search | null)[];
  find: (wanted: Search) => Found | null;
  /** The requests about tabs, and the answer to them. */
  windowRequests: WindowRequest[];
  refuseWindow: (request: WindowRequest) => WindowRefusal | null;
  /** Sends the list of tabs to every browser. */
  windows: (windows: TerminalWindow[]) => void;
  role: Attached['role'];
  /** Acknowledged bytes, one entry per message. */
  acknowledged: number[];
  /** The number of open connections. */
  sockets: Set<TerminalSocket>;
  /** The run that it reports for its server. */
  run: string;
  /** While set, handshakes are refused with this code. */
  refuse: ErrorCode | undefined;
  /** Called after a browser attaches. */
  greet: (socket: TerminalSocket) => void;
  /** Sends output to every browser. */
  output: (text: string) => void;
  /** Closes every connection, as a network failure does. */
  cut: () => void;
  /** Stops listening; `listen` starts again on the same port. */
  close: () => Promise<void>;
  listen: () => Promise<void>;
};

/** `pings`: at the real interval, which a browser on a busy machine may miss. Otherwise pings are rare. */
export async function startTerminal(t: Teardown, { pings = false } = {}): Promise<TerminalDouble> {
  let server = createServer();
  let io = new Server<ClientEvents, ServerEvents>();

  const double: TerminalDouble = {
    host: '127.0.0.1',
    port: 0,
    handshakes: [],
    received: [],
    inputs: [],
    takes: true,
    sizes: [],
    acknowledged: [],
    searches: [],
    windowRequests: [],
    refuseWindow: () => null,
    windows: (windows) => {
      for (const socket of double.sockets) socket.emit('windows', windows);
    },
    role: 'owner',
    find: () => ({ total: 0, at: 0 }),
    sockets: new Set(),
    run: 'first',
    refuse: undefined,
    greet: (socket) => socket.emit('output', Buffer.from('visitor@terminal:~$ ')),
    output: (text) => {
      for (const socket of double.sockets) socket.emit('output', Buffer.from(text));
    },
    cut: () => {
      for (const socket of double.sockets) socket.conn.close();
    },
    close: async () => {
      double.cut();
      await io.close();
    },
    listen: async () => {
      server = createServer();
      io = new Server<ClientEvents, ServerEvents>(server, {
        transports: ['websocket'],
        parser: terminalParser,
        serveClient: false,
        maxHttpBufferSize: maxInputLength * 6,
        ...(pings && heartbeat),
      });
      io.use((socket, next) => {
        const { size, run } = handshakeSchema.parse(socket.handshake.auth);
        const ticket = offeredTicket(socket.request.headers['sec-websocket-protocol']);
        double.handshakes.push({ ticket, size, ...(run !== undefined && { run }) });
        double.received.push([socket.handshake.headers, socket.handshake.auth, socket.request.url]);
        if (double.refuse === undefined) return next();
        next(Object.assign(new Error('refused'), { data: { code: double.refuse } }));
      });
      io.on('connection', (socket) => attach(socket));
      await new Promise<void>((resolve) => server.listen(double.port, double.host, resolve));
      double.port = (server.address() as AddressInfo).port;
    },
  };

  function attach(socket: TerminalSocket): void {
    double.sockets.add(socket);
    socket.on('disconnect', () => double.sockets.delete(socket));
    socket.on('input', (data, taken) => {
      if (double.takes) taken?.();
      double.inputs.push(data);
      if (typeof data === 'string') socket.emit('output', Buffer.from(data.replaceAll('\r', '\r\n')));
    });
    socket.on('resize', (size) => double.sizes.push(size));
    socket.on('search', (wanted, found) => {
      double.searches.push(wanted);
      found?.(wanted && double.find(wanted));
    });
    socket.on('window', (request, done) => {
      double.windowRequests.push(request);
      done?.(double.refuseWindow(request));
    });
    socket.on('acknowledge', (bytes) => double.acknowledged.push(bytes));
    socket.emit('attached', {
      name: 'default-0',
      role: double.role,
      run: double.run,
      maxInput: maxInputLength,
      acknowledgeEvery,
      pasting,
      longestSearch,
    });
    double.greet(socket);
  }

  await double.listen();
  t.teardown(() => double.close());
  return double;
}
