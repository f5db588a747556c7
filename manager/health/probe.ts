// Sends a terminal the same health probe as its kubelet.

import { get } from 'node:http';
import type { PodAddress } from '../../common/manager-api.ts';

/**
 * `unresponsive`: the pod's machine accepts or refuses the connection, but the terminal's server does not answer or reports that
 * it is unhealthy. `unreachable`: there is no connection to the machine, which proves nothing about the terminal.
 */
export type ProbeResult = 'healthy' | 'unresponsive' | 'unreachable';

/** Never rejects. */
export function probe({ host, port }: PodAddress, deadlineMs: number): Promise<ProbeResult> {
  return new Promise((resolve) => {
    let isConnected = false;
    const request = get({ host, port, path: '/healthz', agent: false, signal: AbortSignal.timeout(deadlineMs) });
    request.once('socket', (socket) => socket.once('connect', () => (isConnected = true)));
    request.once('response', (response) => {
      response.destroy();
      resolve((response.statusCode ?? 500) < 500 ? 'healthy' : 'unresponsive');
    });
    request.on('error', (error: NodeJS.ErrnoException) =>
      resolve(isConnected || error.code === 'ECONNREFUSED' ? 'unresponsive' : 'unreachable'),
    );
  });
}
