// Connections that this process makes for pods: joined in pairs, or to Unix sockets in a folder of a pod.

import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { connect, Socket } from 'node:net';
import { reset } from '../../../common/http/reset.ts';

// O_PATH of open(2) on Linux, which Node.js does not name.
const pathOnly = 0o10000000;

/**
 * Connects to the Unix socket at `path`, but never through a link: with a link, the owner of the folder could make this process connect
 * to any socket of the machine. If there is no socket at `path`, the returned one fails at once.
 */
export function connectToSocketFile(path: string): Socket {
  let file: number | undefined;
  try {
    file = openSync(path, pathOnly | constants.O_NOFOLLOW);
    if (!fstatSync(file).isSocket()) throw new Error('not a socket');
    // It connects to the opened socket, whatever is at `path` by now, and before it returns.
    return connect({ path: `/proc/self/fd/${file}`, allowHalfOpen: true });
  } catch (cause) {
    const refused = new Error(`connect ECONNREFUSED ${path}`, { cause });
    const socket = new Socket();
    // Fail after the caller has added its listeners, as a real connection does.
    setImmediate(() => socket.destroy(Object.assign(refused, { code: 'ECONNREFUSED' })));
    return socket;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Joins two connections: data, end and reset of each go to the other. Both need `allowHalfOpen`. */
export function join(from: Socket, to: Socket): void {
  for (const socket of [from, to]) socket.on('error', () => {});
  from.once('close', () => to.destroy());
  to.once('close', (failed) => (failed ? reset(from) : from.destroy()));
  from.pipe(to).pipe(from);
}
