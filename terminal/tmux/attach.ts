// One attached tmux client under node-pty: bytes in, bytes out. The only file that knows node-pty.

import { writeSync } from 'node:fs';
import { type IPty, spawn } from 'node-pty';
import type { Size } from '../../common/socket.ts';

export type Attachment = {
  /** Writes the start of `bytes` at once; how many bytes were taken, 0 when the pty is full. Throws once it is gone. */
  writeSome: (bytes: Buffer) => number;
  resize: (size: Size) => void;
  pause: () => void;
  resume: () => void;
  /** Ends this client only: the session and its other clients live on. */
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
  const fd = descriptor(pty);
  let open = true;
  // With `encoding: null` node-pty hands out Buffers, whatever its types say.
  pty.onData((data: string | Buffer) => options.onOutput(typeof data === 'string' ? Buffer.from(data) : data));
  pty.onExit(() => {
    open = false;
    options.onExit();
  });
  return {
    // Straight to the descriptor: node-pty's own stream makes a key wait for the thread pool, and spins when it is full.
    writeSome: (bytes) => {
      if (!open) throw new Error('The client has ended.');
      try {
        return writeSync(fd, bytes);
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return 0;
        throw error;
      }
    },
    resize: ({ cols, rows }) => {
      if (open) pty.resize(cols, rows);
    },
    pause: () => pty.pause(),
    resume: () => pty.resume(),
    detach: () => {
      if (!open) return;
      open = false;
      pty.kill('SIGHUP');
      // A paused pty would never read that its other end is closed, and keep its descriptor.
      pty.resume();
    },
  };
}

function descriptor(pty: IPty): number {
  if ('fd' in pty && typeof pty.fd === 'number') return pty.fd;
  throw new Error('This node-pty has no descriptor to write to.');
}
