// One connection to a terminal (common/socket.ts). Reconnecting is not its business: each connection needs a new ticket.

import { io, type Socket } from 'socket.io-client';
import type { Attached, ClientEvents, Ending, EndReason, Refusal, ServerEvents, Size } from '../common/socket.ts';
import { cutInput } from './terminal/cut-input.ts';

export type Connection = {
  input: (data: string | Uint8Array) => void;
  resize: (size: Size) => void;
  acknowledge: (bytes: number) => void;
};

export type ConnectionEvents = {
  attached: (connection: Connection, attached: Attached) => void;
  output: (bytes: Uint8Array) => void;
  ending: (ending: Ending | null) => void;
  ended: (reason: EndReason) => void;
  refused: (code: Refusal['code']) => void;
  disconnected: () => void;
};

// A node port that does not lead to its pod yet swallows the connection, which only a new one gets over.
const connectTimeoutMs = 4_000;

/** Connects to `url` with `ticket`; closes when `signal` is aborted. */
export function connect(
  { url, ticket, size }: { url: string; ticket: string; size: Size },
  on: ConnectionEvents,
  signal: AbortSignal,
): void {
  const socket: Socket<ServerEvents, ClientEvents> = io(url, {
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    timeout: connectTimeoutMs,
    auth: { ticket, size },
  });
  signal.addEventListener('abort', () => socket.disconnect(), { once: true });
  socket.on('attached', (attached) => {
    const { maxInput } = attached;
    on.attached(
      {
        input: (data) => {
          for (const piece of cutInput(data, maxInput)) socket.emit('input', piece);
        },
        resize: (to) => socket.emit('resize', to),
        acknowledge: (bytes) => socket.emit('acknowledge', bytes),
      },
      attached,
    );
  });
  // Binary arrives as an ArrayBuffer in browsers.
  socket.on('output', (bytes) => on.output(new Uint8Array(bytes)));
  socket.on('ending', on.ending);
  socket.on('ended', on.ended);
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
