// One attached browser: connects its socket to a tmux client of its own, through flow control, coalescing and the input writer. Knows
// neither tickets nor other browsers.

import type { Socket } from 'socket.io';
import type { Logger } from '../common/log.ts';
import {
  acknowledgeEvery,
  type ClientEvents,
  type Found,
  longestSearch,
  maxInputLength,
  pasting,
  type ServerEvents,
  type Size,
  scrollSchema,
  searchSchema,
  sizeSchema,
} from '../common/socket.ts';
import type { Ticket } from '../common/ticket.ts';
import type { Clock } from './clock.ts';
import { createLatestOnly } from './search/latest-only.ts';
import type { Searcher } from './search/search.ts';
import type { Seat } from './sharing/sharing.ts';
import type { Answering } from './stream/answering.ts';
import { Coalescer } from './stream/coalescer.ts';
import { FlowControl } from './stream/flow-control.ts';
import { InputWriter } from './stream/input-writer.ts';
import { isPassive, isTyping } from './stream/typing.ts';
import { attach } from './tmux/attach.ts';
import type { History } from './tmux/history.ts';
import type { ClientOptions } from './tmux/tmux.ts';
import { connectWindows, type Windows } from './tmux/windows.ts';

/** The result of the handshake. */
export type SocketData = { ticket: Ticket; size: Size; run?: string | undefined };
export type TerminalSocket = Socket<ClientEvents, ServerEvents, Record<string, never>, SocketData>;

export type ConnectionOptions = {
  socket: TerminalSocket;
  podName: string;
  /** A random name of this server process. */
  run: string;
  attachArguments: (options: ClientOptions) => string[];
  seat: Seat;
  searcher: Searcher;
  environment: Record<string, string>;
  onTyped: () => void;
  /** The session, as tmux names it. */
  session: string;
  history: History;
  answering: Answering<TerminalSocket>;
  /** Whether the screen shows the history. */
  isScrolled: () => boolean;
  /** The tabs; undefined where there are none, as for a run. */
  windows: Windows | undefined;
  /** The tmux client has ended, although this side did not end it. */
  onDetached: () => void;
  clock: Clock;
  log: Logger;
};

/** `quietMs`: milliseconds since output was last drawn on the screen; 0 while the browser does not read. */
export type Screen = { quietMs: () => number };

/** Attaches `socket` to the session. Throws if no tmux client can be started. */
export function connect(options: ConnectionOptions): Screen {
  const { socket, podName, run, seat, session, history, answering, searcher, environment, clock, log } = options;
  const { ticket, size } = socket.data;
  /** Of the browser's own window, whatever it shows. */
  let ownSize = size;
  const flow = new FlowControl();
  const coalescer = new Coalescer();
  let timer: NodeJS.Timeout | undefined;
  let printedAt = clock.now();

  const send = (bytes: Buffer | undefined) => {
    if (bytes) socket.emit('output', bytes);
    if (coalescer.flushAt === undefined) {
      clearTimeout(timer);
      timer = undefined;
    } else {
      timer ??= setTimeout(flush, coalescer.flushAt - clock.now());
    }
  };
  const flush = () => {
    timer = undefined;
    send(coalescer.flush());
  };

  const terminal = attach({
    args: options.attachArguments(seat.client),
    size,
    environment,
    onOutput: (bytes) => {
      if (!socket.connected) return;
      const now = clock.now();
      printedAt = now;
      history.drawn();
      if (flow.sent(bytes.length, now)) terminal.pause();
      send(coalescer.push(bytes, now));
    },
    onExit: () => {
      writer.close();
      flush();
      if (socket.connected) options.onDetached();
    },
  });
  const writer = new InputWriter({
    writeSome: terminal.writeSome,
    later: (run, ms) => void (ms === 0 ? setImmediate(run) : setTimeout(run, ms)),
    // If the shell reads a paste slowly, the rest waits in the browser instead of here.
    onBacklog: (full) => (full ? socket.request.socket.pause() : socket.request.socket.resume()),
  });

  seat.take({
    tty: terminal.tty,
    follow: (size) => {
      terminal.resize(size ?? ownSize);
      socket.emit('follow', size);
    },
  });

  const limits = { maxInput: maxInputLength, acknowledgeEvery, pasting, longestSearch };
  socket.emit('attached', { name: podName, role: ticket.role, run, ...limits });

  socket.on('input', (data: unknown, taken: unknown) => {
    const input = typeof data === 'string' ? data : data instanceof Uint8Array ? data : undefined;
    if (input === undefined || input.length > maxInputLength) {
      log.debug({ type: typeof data, length: input?.length }, 'ignored a message of input: wrong type, or too long');
      return;
    }
    const typed = isTyping(input);
    // The visitor's terminal answers queries and reports its focus. That of a person without the pen must not.
    if (!seat.accepts(typed) || (options.isScrolled() && isPassive(input)) || !answering.takes(socket, input)) {
      if (typeof taken === 'function') taken();
      return;
    }
    writer.write(
      typeof input === 'string' ? Buffer.from(input) : Buffer.from(input.buffer, input.byteOffset, input.length),
      typeof taken === 'function' ? () => taken() : undefined,
    );
    if (typed) options.onTyped();
  });
  socket.on('resize', (data: unknown) => {
    const wanted = sizeSchema.safeParse(data);
    if (!wanted.success) return void log.debug('ignored a resize: invalid size');
    ownSize = wanted.data;
    if (seat.client.setsSize) terminal.resize(ownSize);
  });
  socket.on('acknowledge', (bytes: unknown) => {
    if (flow.acknowledged(bytes, clock.now())) terminal.resume();
  });
  const scrolls = createLatestOnly({
    now: clock.now,
    later: (run, ms) => {
      const waiting = setTimeout(run, ms);
      return () => clearTimeout(waiting);
    },
  });
  socket.on('scroll', (data: unknown, done: unknown) => {
    const answer = () => void (typeof done === 'function' && done());
    const position = scrollSchema.safeParse(data);
    if (!position.success) log.debug('scroll ignored: not a position');
    // Whoever only looks on turns nobody else's screen.
    if (!position.success || !seat.accepts(true)) return answer();
    options.onTyped();
    const scrolled = scrolls.run(() => history.scroll(session, position.data), { urgent: position.data === 0 });
    void scrolled.then(answer, answer);
    // A key typed after it is for the shell, and must not overtake it on its way to tmux.
    if (position.data === 0) writer.hold(scrolled);
  });
  let searching = false;
  const leaveSearch = () => {
    if (!searching) return;
    searching = false;
    // A key typed after it is for the shell, so it must not reach tmux first.
    writer.hold(searcher.leave());
  };
  socket.on('search', (data: unknown, found: unknown) => {
    const answer = (result: Found | null) => void (typeof found === 'function' && found(result));
    const wanted = searchSchema.nullable().safeParse(data);
    if (!wanted.success) log.debug('ignored a search: invalid request');
    // Only the person with the pen may scroll the shared screen.
    if (!wanted.success || !seat.accepts(true)) return answer(null);
    options.onTyped();
    if (wanted.data === null) {
      leaveSearch();
      return answer(null);
    }
    searching = true;
    searcher.find(wanted.data).then(answer, () => answer(null));
  });
  connectWindows({
    socket,
    windows: options.windows,
    mayChange: () => seat.accepts(true),
    onTyped: options.onTyped,
  });
  const unfollow = history.follow(session, (view) => void socket.emit('history', view));
  if (seat.accepts(false)) answering.attached(socket);
  socket.once('disconnect', () => {
    unfollow();
    answering.detached(socket);
    leaveSearch();
    clearTimeout(timer);
    writer.close();
    terminal.detach();
  });
  return { quietMs: () => (flow.paused ? 0 : clock.now() - printedAt) };
}
