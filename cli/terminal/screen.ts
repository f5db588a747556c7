// This process's terminal as the screen of a session in the pod, as the page is one (common/socket.ts): keys there, output here, over
// as many connections as it takes.

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
  /** Whether what it has shown stays when it is over. */
  stays: boolean;
  onAttached: () => void;
  onDetached: () => void;
  onEnded: (reason: EndReason) => void;
  /** `Enter ~ .` */
  onLeave: () => void;
};

export type Screen = {
  size: () => { cols: number; rows: number };
  /** Resolves once what has arrived is shown. */
  shown: () => Promise<void>;
  /** Resolves once this connection has drawn the screen, or cannot; after a few seconds in any case. */
  drawn: () => Promise<void>;
  /** Adds what listens to a new connection. */
  join: (socket: TerminalSocket) => void;
  /** The terminal is as it was, and nobody reads its keys. */
  close: () => void;
};

/** A screen on which nothing was drawn for so long after the first output is complete: tmux draws it in one go. */
const quietMs = 100;
/** How long a command that has ended waits for a connection to show its last screen. */
const drawnWithinMs = 5_000;
/** CAN ends a sequence that the former connection left unfinished. */
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
    // What is typed while the line is lost is not kept: nobody knows what it would meet.
    if (bytes.length > 0) socket?.emit('input', Buffer.from(bytes));
    if (leave) options.onLeave();
  };
  // An end that is no terminal's is told as a person would tell it.
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
      // There is no screen to show, such as of a command that was not found.
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
