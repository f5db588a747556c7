// An attached tmux client under node-pty. The only file that uses node-pty.

import { writeSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { type IPty, spawn } from 'node-pty';
import type { Size } from '../../common/socket.ts';

export type Attachment = {
  /** The path of its tty, by which tmux knows the client. */
  tty: string;
  /** Writes the start of `bytes` at once and returns the number of bytes: 0 if the pty is full. Throws once it is gone. */
  writeSome: (bytes: Buffer) => number;
  resize: (size: Size) => void;
  pause: () => void;
  resume: () => void;
  /** Ends this client. The session and its other clients live on. */
  detach: () => void;
};

export function attach(options: {
  args: string[];
  size: Size;
  environment: Record<string, string>;
  onOutput: (bytes: Buffer) => void;
  onExit: () => void;
}): Attachment {
  const pty = spawn('tmux', options.args, {
    name: 'xterm-256color',
    ...options.size,
    cwd: '/',
    env: options.environment,
    encoding: null,
  });
  const { fd, stream, tty } = internals(pty);
  let detached = false;
  // The stream closes the descriptor as soon as it reads the pty's end, long before node-pty reports the exit. From then on the kernel may reuse
  // the number for another pty, file or socket.
  const isOpen = () => !detached && !stream.destroyed;
  // With `encoding: null` node-pty passes Buffers, although its types say string.
  pty.onData((data: string | Buffer) => options.onOutput(typeof data === 'string' ? Buffer.from(data) : data));
  pty.onExit(() => {
    detached = true;
    options.onExit();
  });
  return {
    tty,
    // Write directly to the descriptor: node-pty's own stream delays keys by the thread pool, and spins when the pty is full.
    writeSome: (bytes) => {
      if (!isOpen()) throw new Error('The client has ended.');
      try {
        return writeSync(fd, bytes);
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return 0;
        throw error;
      }
    },
    resize: ({ cols, rows }) => {
      if (isOpen()) pty.resize(cols, rows);
    },
    pause: () => pty.pause(),
    resume: () => pty.resume(),
    detach: () => {
      if (detached) return;
      detached = true;
      pty.kill('SIGHUP');
      // A paused pty would never notice that its other end is closed, and would keep its descriptor.
      pty.resume();
    },
  };
}

/** The descriptor of the pty, the stream that owns and closes it, and the path of its tty: node-pty does not export them. */
function internals(pty: IPty): { fd: number; stream: ReadStream; tty: string } {
  const { fd, _socket: stream, ptsName: tty } = pty as { fd?: unknown; _socket?: unknown; ptsName?: unknown };
  if (typeof fd === 'number' && stream instanceof ReadStream && typeof tty === 'string') return { fd, stream, tty };
  throw new Error('This node-pty has no descriptor to write to.');
}
