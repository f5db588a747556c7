// Challenges that a visitor must solve before a busy address gets another terminal. The manager decides which addresses are busy. Another
// kind of challenge implements this type, and a solver in the page (frontend/challenge/).

import { ServiceError } from '../../common/errors.ts';

export type Challenges = {
  /** A challenge for the visitor's page, as JSON. Throws `too-many-requests` if the network asks too often. */
  issue(visitor: string, network: string): Promise<Record<string, unknown>>;
  /** Whether `solution` solves a challenge issued to `visitor`, in time and for the first time. It cannot be used again. */
  redeem(visitor: string, solution: unknown): Promise<boolean>;
};

/** Runs `claim` with the visitor's solution, if any. If the claim needs a challenge, adds one to its error. */
export async function claimWith<T>(
  challenges: Challenges,
  { visitor, network, solution }: { visitor: string; network: string; solution: unknown },
  claim: (challenge: 'solved' | 'unsolved') => Promise<T>,
): Promise<T> {
  const solved = solution !== undefined && (await challenges.redeem(visitor, solution));
  try {
    return await claim(solved ? 'solved' : 'unsolved');
  } catch (error) {
    if (!(error instanceof ServiceError) || error.code !== 'challenge-required') throw error;
    const { message, retryAfter } = error;
    const challenge = await challenges.issue(visitor, network);
    throw new ServiceError('challenge-required', message, {
      challenge,
      ...(retryAfter !== undefined && { retryAfter }),
    });
  }
}
