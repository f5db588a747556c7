// Solves the proof of work that a busy network is asked for (webserver/challenge/proof-of-work.ts). Loaded when it is first asked.

import { type Challenge, solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/scrypt';

/** What goes into the next request as `solution`. Rejects when there is none, or `signal` is aborted. */
export async function solve(challenge: unknown, signal: AbortSignal): Promise<Record<string, unknown>> {
  const controller = new AbortController();
  const abort = () => controller.abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    const solution = await solveChallenge({ challenge: challenge as Challenge, deriveKey, controller });
    signal.throwIfAborted();
    if (!solution) throw new Error('The challenge has no solution.');
    return { challenge, solution };
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
