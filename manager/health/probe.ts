// Asks a terminal directly whether it is well, as its kubelet does.

import { get } from 'node:http';
import type { PodAddress } from '../../common/manager-api.ts';

/**
 * `wedged`: its machine takes the connection, or says that nobody listens, but its server says nothing, or that it is not
 * well. `unreachable`: not even that is known.
 */
export type Knocked = 'well' | 'wedged' | 'unreachable';

/** Never rejects. */
export function knock({ host, port }: PodAddress, deadlineMs: number): Promise<Knocked> {
  return new Promise((resolve) => {
    let arrived = false;
    const request = get({ host, port, path: '/healthz', agent: false, signal: AbortSignal.timeout(deadlineMs) });
    request.once('socket', (socket) => socket.once('connect', () => (arrived = true)));
    request.once('response', (response) => {
      response.destroy();
      resolve((response.statusCode ?? 500) < 500 ? 'well' : 'wedged');
    });
    request.on('error', (error: NodeJS.ErrnoException) =>
      resolve(arrived || error.code === 'ECONNREFUSED' ? 'wedged' : 'unreachable'),
    );
  });
}
