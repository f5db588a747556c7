// Solves the proof of work for a busy network (webserver/challenge/proof-of-work.ts). Loaded when first needed.

import { type Challenge, solveChallenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/scrypt';

/** The `solution` of the next request. Rejects if there is none, or `signal` is aborted. */
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
