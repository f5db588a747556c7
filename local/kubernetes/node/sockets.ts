// Connections of this process on behalf of pods: joined in pairs, and made to Unix sockets whose folder belongs to a pod.

import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { connect, Socket } from 'node:net';
import { reset } from '../../../common/http/reset.ts';

// Of Linux's open(2); Node.js does not name it.
const pathOnly = 0o10000000;

/**
 * Connects to the Unix socket at `path`, which is never followed if it is a link: whoever owns the folder could otherwise
 * have this process connect to any socket of the machine. Where there is no socket, what it returns fails at once.
 */
export function connectToSocketFile(path: string): Socket {
  let file: number | undefined;
  try {
    file = openSync(path, pathOnly | constants.O_NOFOLLOW);
    if (!fstatSync(file).isSocket()) throw new Error('not a socket');
    // Connects before it returns, and to what was opened, whatever is at `path` by now.
    return connect({ path: `/proc/self/fd/${file}`, allowHalfOpen: true });
  } catch (cause) {
    const refused = new Error(`connect ECONNREFUSED ${path}`, { cause });
    const socket = new Socket();
    // As a real connection does, it fails after its listeners were added.
    setImmediate(() => socket.destroy(Object.assign(refused, { code: 'ECONNREFUSED' })));
    return socket;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Passes on what each of two connections sends, and its end; a reset becomes a reset. Both were made with `allowHalfOpen`. */
export function join(from: Socket, to: Socket): void {
  for (const socket of [from, to]) socket.on('error', () => {});
  from.once('close', () => to.destroy());
  to.once('close', (failed) => (failed ? reset(from) : from.destroy()));
  from.pipe(to).pipe(from);
}
