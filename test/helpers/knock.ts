// Connects to a terminal's socket without a page.

import type { ExecutionContext } from 'ava';
import { io, type ManagerOptions } from 'socket.io-client';
import { browserParser } from '../../common/output-frames.ts';
import { offerTicket } from '../../common/socket-protocol.ts';

/** Connects with a ticket: returns `attached`, or the code of the refusal. */
export async function knock(
  t: ExecutionContext,
  url: string,
  ticket: string,
  options: Partial<ManagerOptions> = {},
): Promise<string> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const answer = await knockOnce(t, url, ticket, options);
    // A node port that does not route to its pod yet drops or refuses the connection before the pod sees the ticket.
    if ((answer !== 'timeout' && answer !== 'websocket error') || Date.now() > deadline) return answer;
  }
}

function knockOnce(t: ExecutionContext, url: string, ticket: string, more: Partial<ManagerOptions>): Promise<string> {
  const options = {
    transports: ['websocket'],
    parser: browserParser,
    reconnection: false,
    timeout: 1_000,
    protocols: offerTicket(ticket),
    auth: { size: { cols: 80, rows: 24 } },
    forceNew: true,
    ...more,
  };
  const socket = io(url, options);
  t.teardown(() => void socket.close());
  return new Promise((resolve) => {
    socket.once('attached', () => resolve('attached'));
    socket.once('connect_error', (error) =>
      resolve((error as Error & { data?: { code: string } }).data?.code ?? error.message),
    );
  });
}
