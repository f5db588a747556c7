// A proof of work in ALTCHA's format (https://altcha.org), so its solvers in other languages work too. One visitor solves it quickly; a
// crowd of programs pays for every terminal. No challenge is stored: each is signed, and names its visitor and its expiry. Only solved
// challenges are remembered, by this webserver alone.
//
// The work is scrypt, which is bound by the speed of memory: a native program is 1.7 times as fast as the page's JavaScript. With SHA-256
// it would be sixty times as fast. Making a challenge takes one try, so networks are limited. Checking a solution takes two HMACs.

import { createHmac } from 'node:crypto';
import { type Challenge, createChallenge, verifySolution } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/scrypt';
import * as z from 'zod';
import { Budgets } from '../../common/budgets.ts';
import { ServiceError } from '../../common/errors.ts';
import type { Challenges } from './challenges.ts';

const lifetimeMs = 5 * 60_000;
/** scrypt's N and r (RFC 7914): each try takes 4 MiB, 9 ms on a server and 15 ms in its browser. */
const scrypt = { algorithm: 'SCRYPT', cost: 4_096, memoryCost: 8, parallelism: 1 };
const issues = { burst: 20, perSecond: 1 };
// Each one in progress takes a thread and 4 MiB.
const maxAtOnce = 16;

const solvedSchema = z.object({
  challenge: z.object({
    parameters: z.looseObject({ expiresAt: z.number(), data: z.looseObject({ visitor: z.string() }) }),
    signature: z.string(),
  }),
  solution: z.object({ counter: z.number(), derivedKey: z.string() }),
});

/** `work`: the maximum number of tries of a solution; the minimum is half. `random`: from 0 to 1. */
export function createProofOfWork(options: {
  secrets: readonly [string, ...string[]];
  work: number;
  clock: () => number;
  random: () => number;
  /** Monotonic clock, in milliseconds. */
  monotonic?: () => number;
}): Challenges {
  const { work, clock, random, monotonic = () => performance.now() } = options;
  const keys = options.secrets.map(deriveSecrets);
  const used = new Map<string, number>();
  const budgets = new Budgets(issues, { clock: monotonic });
  let underWay = 0;

  return {
    async issue(visitor, network) {
      if (!budgets.take(network))
        throw tooMany(
          'Your network has requested too many challenges. Wait before the next.',
          budgets.retryAfter(network),
        );
      if (underWay >= maxAtOnce)
        throw tooMany('The server is at its limit of challenges in progress. Try again in a second.', 1);
      underWay++;
      try {
        const challenge = await createChallenge({
          ...scrypt,
          counter: Math.max(1, Math.floor(work * (0.5 + 0.5 * random()))),
          deriveKey,
          data: { visitor },
          expiresAt: Math.ceil((clock() + lifetimeMs) / 1_000),
          ...keys[0],
        });
        return { ...challenge };
      } finally {
        underWay--;
      }
    },

    async redeem(visitor, solution) {
      const { data } = solvedSchema.safeParse(solution);
      if (data?.challenge.parameters.data.visitor !== visitor) return false;
      const { signature, parameters } = data.challenge;
      const expiresAt = parameters.expiresAt * 1_000;
      if (expiresAt <= clock() || !(await isVerified(data, keys))) return false;
      for (const [old, expiry] of used) if (expiry <= clock()) used.delete(old);
      if (used.has(signature)) return false;
      used.set(signature, expiresAt);
      return true;
    },
  };
}

const tooMany = (message: string, retryAfter: number) => new ServiceError('too-many-requests', message, { retryAfter });

type Secrets = { hmacSignatureSecret: string; hmacKeySignatureSecret: string };

// The secret also signs visitor ids. Derive separate keys, so that neither use reveals anything about the other.
function deriveSecrets(secret: string): Secrets {
  const derive = (purpose: string) =>
    createHmac('sha256', secret).update(`warmterm challenge ${purpose}`).digest('hex');
  return { hmacSignatureSecret: derive('signature'), hmacKeySignatureSecret: derive('key') };
}

async function isVerified({ challenge, solution }: z.infer<typeof solvedSchema>, keys: Secrets[]): Promise<boolean> {
  for (const secrets of keys) {
    // The signature covers the parameters, so it fails for parameters of any other shape.
    const asked = challenge as unknown as Challenge;
    if ((await verifySolution({ challenge: asked, solution, deriveKey, ...secrets })).verified) return true;
  }
  return false;
}
