// Solves the challenge of webserver/challenge/proof-of-work.ts, in pieces between which the page draws and answers. It has
// to do without a worker, which our policy (trusted types) lets nobody start, and without crypto.subtle, which pages by
// plain HTTP do not have.

import { scrypt } from '@noble/hashes/scrypt.js';
import { type Challenge, solveChallenge } from 'altcha-lib';
import type { Solution } from '../session/state.ts';

// What people do not notice yet. Shorter ones would leave most of the time of a slow machine to drawing.
const pieceMs = 50;

/** Rejects when there is no solution, or `signal` is aborted. `rest` resolves when the page has had its turn. */
export async function solveProofOfWork(
  challenge: unknown,
  rest: () => Promise<void>,
  signal: AbortSignal,
): Promise<Solution> {
  const controller = new AbortController();
  const abort = () => controller.abort();
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  let began = performance.now();
  const solution = await solveChallenge({
    challenge: challenge as Challenge,
    controller,
    async deriveKey({ cost, memoryCost, parallelism, keyLength }, salt, password) {
      if (performance.now() - began > pieceMs) {
        await rest();
        began = performance.now();
      }
      const options = { N: cost, r: memoryCost ?? 8, p: parallelism ?? 1, dkLen: keyLength };
      return { derivedKey: scrypt(password, salt, options) };
    },
  }).finally(() => signal.removeEventListener('abort', abort));
  if (!solution) throw new Error('There is no solution.');
  return { challenge, solution };
}
