// The challenge that a machine can solve and a crowd of machines pays for: a proof of work in ALTCHA's format
// (https://altcha.org), so that its solvers in other languages do as well as the page's own. Nothing is stored for it: a
// challenge is signed, names its visitor and its end. Only that it was solved is remembered, by this webserver alone.

import { createHmac } from 'node:crypto';
import { type Challenge, createChallenge, verifySolution } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/sha';
import * as z from 'zod';
import type { Challenges } from './challenges.ts';

const lifetimeMs = 5 * 60_000;
/** Hashes of one try. More of them make fewer tries, each of which costs a solver more than its hashes. */
const cost = 50;

const solvedSchema = z.object({
  challenge: z.object({
    parameters: z.looseObject({ expiresAt: z.number(), data: z.looseObject({ visitor: z.string() }) }),
    signature: z.string(),
  }),
  solution: z.object({ counter: z.number(), derivedKey: z.string() }),
});

/** `work`: how many hashes (SHA-256) a solution takes at most, and half as many at least. `chance`: from 0 to 1. */
export function createProofOfWork(options: {
  secrets: readonly [string, ...string[]];
  work: number;
  clock: () => number;
  chance: () => number;
}): Challenges {
  const { work, clock, chance } = options;
  const keys = options.secrets.map(deriveSecrets);
  const used = new Map<string, number>();

  return {
    async issue(visitor) {
      const most = Math.max(2, Math.ceil(work / cost));
      const challenge = await createChallenge({
        algorithm: 'SHA-256',
        cost,
        counter: Math.floor(most * (0.5 + 0.5 * chance())),
        deriveKey,
        data: { visitor },
        expiresAt: Math.ceil((clock() + lifetimeMs) / 1_000),
        ...keys[0],
      });
      return { ...challenge };
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

type Secrets = { hmacSignatureSecret: string; hmacKeySignatureSecret: string };

// The secret signs cookies too: keys of their own, so that neither tells anything about the other.
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
