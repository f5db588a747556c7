// The challenge that a machine can solve and a crowd of machines pays for: a proof of work in ALTCHA's format
// (https://altcha.org), so that its solvers in other languages do as well as the page's own. Nothing is stored for it: a
// challenge is signed, names its visitor and its end. Only that it was solved is remembered, by this webserver alone.
//
// The work is scrypt, whose speed is that of memory: a native program is 1.7 times as fast as the page's JavaScript, where of
// SHA-256 it does sixty times as much. To make a challenge takes one try, so a network may ask for so many only; to check a
// solution takes two HMACs.

import { createHmac } from 'node:crypto';
import { type Challenge, createChallenge, verifySolution } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/scrypt';
import * as z from 'zod';
import { Budgets } from '../../common/budgets.ts';
import { ServiceError } from '../../common/errors.ts';
import type { Challenges } from './challenges.ts';

const lifetimeMs = 5 * 60_000;
/** scrypt's N and r (RFC 7914): 4 MiB for each try, 9 ms on a server, 15 ms in its browser. */
const scrypt = { algorithm: 'SCRYPT', cost: 4_096, memoryCost: 8, parallelism: 1 };
const issues = { burst: 20, perSecond: 1 };
// Each takes a thread and 4 MiB.
const maxAtOnce = 16;

const solvedSchema = z.object({
  challenge: z.object({
    parameters: z.looseObject({ expiresAt: z.number(), data: z.looseObject({ visitor: z.string() }) }),
    signature: z.string(),
  }),
  solution: z.object({ counter: z.number(), derivedKey: z.string() }),
});

/** `work`: how many tries a solution takes at most, and half as many at least. `random`: from 0 to 1. */
export function createProofOfWork(options: {
  secrets: readonly [string, ...string[]];
  work: number;
  clock: () => number;
  random: () => number;
  /** Milliseconds of a clock that never jumps. */
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
        throw tooMany('Your network asks for too many challenges.', budgets.retryAfter(network));
      if (underWay >= maxAtOnce) throw tooMany('Too many ask for a challenge at this moment.', 1);
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

// The secret signs visitor ids too: keys of their own, so that neither tells anything about the other.
function deriveSecrets(secret: string): Secrets {
  const derive = (purpose: string) =>
    createHmac('sha256', secret).update(`warmterm challenge ${purpose}`).digest('hex');
  return { hmacSignatureSecret: derive('signature'), hmacKeySignatureSecret: derive('key') };
}

async function isVerified({ challenge, solution }: z.infer<typeof solvedSchema>, keys: Secrets[]): Promise<boolean> {
  for (const secrets of keys) {
    // The parameters are what the signature is of: whatever else they might be, it does not hold.
    const asked = challenge as unknown as Challenge;
    if ((await verifySolution({ challenge: asked, solution, deriveKey, ...secrets })).verified) return true;
  }
  return false;
}
