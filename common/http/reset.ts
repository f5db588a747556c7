import type { Socket } from 'node:net';

/** Resets a TCP connection, so the kernel keeps nothing of it. A Unix socket has no reset and is closed instead. */
export function reset(socket: Socket): void {
  if (socket.remoteFamily === undefined) socket.destroy();
  else socket.resetAndDestroy();
}
