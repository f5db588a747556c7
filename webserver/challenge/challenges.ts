// What a visitor is put to before an address that is busy gets a further terminal. Which address is busy the manager says;
// how a visitor shows that it is worth a terminal is the business of whatever has this shape, and of its solver in the page
// (frontend/challenge/).

import { ServiceError } from '../../common/errors.ts';

export type Challenges = {
  /** A challenge for the visitor's page to solve: JSON. Throws `too-many-requests` for a network that asks too often. */
  issue(visitor: string, network: string): Promise<Record<string, unknown>>;
  /** Whether this solves a challenge that was put to `visitor`, in time and for the first time: it cannot be used again. */
  redeem(visitor: string, solution: unknown): Promise<boolean>;
};

/** What `claim` comes to with the visitor's solution, if there is one. Where it takes one, its refusal gets a challenge. */
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
