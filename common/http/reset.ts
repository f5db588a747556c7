import type { Socket } from 'node:net';

/** Resets a TCP connection, so that nothing of it stays in the kernel. A Unix socket knows no reset: it is closed. */
export function reset(socket: Socket): void {
  if (socket.remoteFamily === undefined) socket.destroy();
  else socket.resetAndDestroy();
}
