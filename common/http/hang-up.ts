// Whoever asked has hung up: nobody waits for the answer any more, and what is being done for it may be given up.

import type { ServerResponse } from 'node:http';

/** Aborted when the connection closes before the answer is complete. */
export function hangUp(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    // Every answer closes in the end; an abort that nobody needs costs a stack trace on the claim path.
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}
