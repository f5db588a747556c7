// Makes this process's terminal the screen of a session in the pod, like the page (common/socket.ts): sends keys and shows output, over as many
// connections as needed.

import type { Readable } from 'node:stream';
import { ReadStream, type WriteStream } from 'node:tty';
import type { Socket } from 'socket.io-client';
import type { ClientEvents, EndReason, ServerEvents } from '../../common/socket.ts';
import { createEscape } from './escape.ts';
import { stayOnMainScreen } from './main-screen.ts';
import { enterRawMode, sizeOf } from './raw-mode.ts';
import { followModes } from './screen-modes.ts';

export type TerminalSocket = Socket<ServerEvents, ClientEvents>;

export type ScreenOptions = {
  stdin: Readable | ReadStream;
  stdout: WriteStream;
  /** Whether its content stays visible after the end. */
  stays: boolean;
  onAttached: () => void;
  onDetached: () => void;
  onEnded: (reason: EndReason) => void;
  /** `Enter ~ .` */
  onLeave: () => void;
};

export type Screen = {
  size: () => { cols: number; rows: number };
  /** Resolves once all arrived output is shown. */
  shown: () => Promise<void>;
  /** Resolves once this connection has drawn the screen, cannot, or a few seconds have passed. */
  drawn: () => Promise<void>;
  /** Adds listeners to a new connection. */
  join: (socket: TerminalSocket) => void;
  /** Restores the terminal and stops reading keys. */
  close: () => void;
};

/** The screen counts as drawn after this long without output: tmux draws it at once. */
const quietMs = 100;
/** How long a command that has ended waits for a connection to draw its last screen. */
const drawnWithinMs = 5_000;
/** CAN cancels a sequence that the former connection left incomplete. */
const cancel = '\x18';

export function createScreen(options: ScreenOptions): Screen {
  const { stdin, stdout } = options;
  const modes = followModes();
  const escaping = createEscape();
  const main = options.stays ? stayOnMainScreen(sizeOf(stdout).rows) : undefined;
  let socket: TerminalSocket | undefined;
  let restore: (() => void) | undefined;
  let interrupted = false;
  let closed = false;
  let whenDrawn: (() => void)[] = [];

  const tellDrawn = () => {
    for (const resolve of whenDrawn) resolve();
    whenDrawn = [];
  };
  const type = (typed: Buffer) => {
    const { bytes, leave } = escaping.feed(typed);
    // Discard keys typed without a connection: the screen may have changed by the time they arrive.
    if (bytes.length > 0) socket?.emit('input', Buffer.from(bytes));
    if (leave) options.onLeave();
  };
  // If stdin is not a terminal, its end is sent as Ctrl-D.
  const endOfInput = () => {
    if (!(stdin instanceof ReadStream)) socket?.emit('input', '\x04');
  };
  const resize = () => {
    socket?.emit('resize', sizeOf(stdout));
  };
  function begin(): void {
    restore = stdin instanceof ReadStream && stdin.isTTY ? enterRawMode(stdin, stdout, modes) : () => {};
    stdin.on('data', type).once('end', endOfInput);
    stdout.on('resize', resize);
  }

  return {
    size: () => sizeOf(stdout),
    shown: () => new Promise((resolve) => void stdout.write('', () => resolve())),
    drawn: () => {
      if (socket) return Promise.resolve();
      return new Promise((resolve) => {
        whenDrawn.push(resolve);
        setTimeout(resolve, drawnWithinMs).unref();
      });
    },
    join(at) {
      let unacknowledged = 0;
      let quiet: NodeJS.Timeout | undefined;
      let every = 8_192;
      at.on('attached', (attached) => {
        if (closed) return;
        socket = at;
        every = attached.acknowledgeEvery;
        if (!restore) begin();
        // It may have changed since the handshake.
        resize();
        options.onAttached();
      });
      at.on('output', (output) => {
        if (closed) return;
        const received = new Uint8Array(output);
        clearTimeout(quiet);
        if (whenDrawn.length > 0) quiet = setTimeout(tellDrawn, quietMs);
        const bytes = main ? main.filter(received) : received;
        if (interrupted) stdout.write(cancel);
        interrupted = false;
        modes.follow(bytes);
        stdout.write(bytes, () => {
          unacknowledged += received.length;
          if (unacknowledged < every) return;
          at.emit('acknowledge', unacknowledged);
          unacknowledged = 0;
        });
      });
      at.on('ended', options.onEnded);
      // There is no screen to show, for example if the command was not found.
      at.on('connect_error', tellDrawn);
      at.on('disconnect', () => {
        clearTimeout(quiet);
        if (socket !== at) return;
        socket = undefined;
        interrupted = true;
        options.onDetached();
      });
    },
    close() {
      if (closed) return;
      closed = true;
      socket = undefined;
      if (!restore) return;
      stdin.off('data', type).off('end', endOfInput).pause();
      stdout.off('resize', resize);
      restore();
    },
  };
}
