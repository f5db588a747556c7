// A handler on a free loopback port, closed after the test.

import { createServer, type RequestListener, type Server } from 'node:http';
import type { ExecutionContext } from 'ava';
import { freePort } from '../../local/ports.ts';

export type Teardown = Pick<ExecutionContext, 'teardown'>;

/** Serves `handler` until the test ends. `url` is its origin. */
export async function listen(
  t: Teardown,
  handler: RequestListener,
): Promise<{ url: string; port: number; server: Server }> {
  const server = createServer(handler);
  // Some tests close and reopen it.
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  t.teardown(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${port}`, port, server };
}
