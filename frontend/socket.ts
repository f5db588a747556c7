// One connection to a terminal (common/socket.ts). Reconnecting is not its business: each connection needs a new ticket.

import { io, type Socket } from 'socket.io-client';
import { browserParser } from '../common/output-frames.ts';
import type {
  Attached,
  ClientEvents,
  Ending,
  EndReason,
  Found,
  HistoryView,
  PenRequest,
  Person,
  Refusal,
  Saved,
  Saving,
  Search,
  ServerEvents,
  Size,
} from '../common/socket.ts';
import { offerTicket } from '../common/socket-protocol.ts';
import type { TerminalWindow, WindowRefusal, WindowRequest } from '../common/windows.ts';
import { createInput } from './terminal/paste.ts';

export type Connection = {
  input: (data: string | Uint8Array) => void;
  resize: (size: Size) => void;
  acknowledge: (bytes: number) => void;
  /** Null where it could not be done; of a text that is too long nothing is found. */
  search: (wanted: Search) => Promise<Found | null>;
  leaveSearch: () => void;
  /** Changes the tabs; null when that was done. */
  window: (request: WindowRequest) => Promise<WindowRefusal | null>;
  pen: (request: PenRequest) => void;
  /** Resolves once the screen is there, or cannot go there. */
  scroll: (position: number) => Promise<void>;
};

export type ConnectionEvents = {
  attached: (connection: Connection, attached: Attached) => void;
  output: (bytes: Uint8Array) => void;
  windows: (windows: TerminalWindow[]) => void;
  /** The terminal lets hear of itself. */
  pinged: () => void;
  ending: (ending: Ending | null) => void;
  history: (view: HistoryView) => void;
  saving: (saving: Saving) => void;
  ended: (reason: EndReason, saved: Saved | undefined) => void;
  /** Who is at the terminal, and which of them this browser is. */
  people: (people: Person[], own: string) => void;
  /** The size of the screen, where another window sets it. */
  follow: (size: Size | null) => void;
  removed: () => void;
  refused: (code: Refusal['code']) => void;
  disconnected: () => void;
  /** It was not attached in time. */
  unanswered: () => void;
};

/** Where a terminal's socket is, and how long it may take to be attached. */
export type Endpoint = { url: string; path: string; query: Record<string, string>; patienceMs: number };

/** So long a search of a full history may take, on a machine that is busy and over a line that is slow. */
const searchPatienceMs = 15_000;
/** A terminal that does not know of tabs never answers. */
const windowPatienceMs = 8_000;

/** Connects to `endpoint` with `ticket`, to the tmux session of `run` if there is one; closes when `signal` is aborted. */
export function connect(
  { endpoint, ticket, size, run }: { endpoint: Endpoint; ticket: string; size: Size; run: string | null },
  on: ConnectionEvents,
  signal: AbortSignal,
): void {
  const { url, path, query, patienceMs } = endpoint;
  const socket: Socket<ServerEvents, ClientEvents> = io(url, {
    path,
    query,
    transports: ['websocket'],
    parser: browserParser,
    reconnection: false,
    forceNew: true,
    protocols: offerTicket(ticket),
    auth: { size, ...(run !== null && { run }) },
  });
  // A node port that does not lead to its pod yet swallows the connection, which only a new one gets over; and some
  // networks swallow whatever they block.
  const timer = setTimeout(on.unanswered, patienceMs);
  signal.addEventListener(
    'abort',
    () => {
      clearTimeout(timer);
      socket.disconnect();
    },
    { once: true },
  );
  socket.on('attached', (attached) => {
    clearTimeout(timer);
    const { maxInput, pasting, longestSearch } = attached;
    on.attached(
      {
        input: createInput({
          piece: pasting?.piece ?? maxInput,
          ahead: pasting?.ahead,
          send: (piece, taken) => (taken ? socket.emit('input', piece, taken) : socket.emit('input', piece)),
        }),
        resize: (to) => socket.emit('resize', to),
        acknowledge: (bytes) => socket.emit('acknowledge', bytes),
        search: async (wanted) => {
          if (wanted.text.length > longestSearch) return { total: 0, at: 0 };
          return socket
            .timeout(searchPatienceMs)
            .emitWithAck('search', wanted)
            .catch(() => null);
        },
        leaveSearch: () => socket.emit('search', null),
        window: (request) =>
          socket
            .timeout(windowPatienceMs)
            .emitWithAck('window', request)
            .catch((): WindowRefusal => ({ code: 'unavailable', message: 'The terminal did not answer.' })),
        pen: (request) => socket.emit('pen', request),
        scroll: async (position) => {
          await socket
            .timeout(searchPatienceMs)
            .emitWithAck('scroll', position)
            .catch(() => {});
        },
      },
      attached,
    );
  });
  // Binary arrives as an ArrayBuffer in browsers.
  socket.on('output', (bytes) => on.output(new Uint8Array(bytes)));
  socket.on('windows', on.windows);
  socket.io.on('ping', on.pinged);
  socket.on('ending', on.ending);
  socket.on('history', on.history);
  socket.on('saving', (saving) => {
    clearTimeout(timer);
    on.saving(saving);
  });
  socket.on('ended', on.ended);
  socket.on('people', on.people);
  socket.on('follow', on.follow);
  socket.on('removed', on.removed);
  socket.on('connect_error', (error) => {
    const code = refusalCode(error);
    if (code) on.refused(code);
    else on.disconnected();
  });
  socket.on('disconnect', on.disconnected);
}

// The server's middleware puts it there; errors of the transport have none.
function refusalCode(error: Error): Refusal['code'] | undefined {
  if (!('data' in error) || typeof error.data !== 'object' || error.data === null) return undefined;
  return (error.data as Partial<Refusal>).code;
}
