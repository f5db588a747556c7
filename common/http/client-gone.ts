// Cancels work for a client that has disconnected.

import type { ServerResponse } from 'node:http';

/** Aborted when the connection closes before the answer is complete. */
export function clientGoneSignal(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    // Every response closes in the end. Creating an abort error costs a stack trace, so skip it on the claim path.
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}
