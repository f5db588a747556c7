// Fair use: how much of a pool one visitor or one address may have. Counts pods and queue entries, which every manager sees and which
// survive a restart, and the claims under way at this manager. Claims under way at other managers are not counted.

import { ownerOf } from '../../common/claimant.ts';
import { type ReachedLimit, ServiceError } from '../../common/errors.ts';
import type { Pool } from '../model/pool.ts';
import type { Pools } from '../model/pools.ts';
import { minuteMs } from '../model/recent-claims.ts';
import type { Limit } from '../model/settings.ts';

/** Where a claim comes from. */
export type Origin = {
  /** The keyed hash of the visitor's network. Without it, the limits of an address do not apply. */
  address?: string | undefined;
  /** Whether the visitor has solved a challenge for this claim. Undefined when the webserver offers no challenges. */
  challenge?: 'unsolved' | 'solved' | undefined;
};

// It is unknown when the next terminal ends. This is a guess.
const retrySeconds = 15;

export class Limits {
  readonly #pools: Pools;
  readonly #clock: () => number;
  readonly #monotonic: () => number;
  /** The number of claims under way, by pool and address. */
  readonly #underWayFrom = new Map<string, number>();
  /** The claims under way, by owner. */
  readonly #underWayOf = new Map<string, Set<string>>();

  constructor({ pools, clock, monotonic }: { pools: Pools; clock: () => number; monotonic: () => number }) {
    this.#pools = pools;
    this.#clock = clock;
    this.#monotonic = monotonic;
  }

  /**
   * Begins a claim that replaces the visitor's terminal in `pool`, if there is one. Returns the function to call when the claim
   * is over, successful or not. Throws `too-many-requests` when a limit is reached, `challenge-required` when the address is busy.
   */
  enter(pool: Pool, visitor: string, { address, challenge }: Origin): () => void {
    const byAddress = address === undefined ? undefined : `${pool.name}/${address}`;
    this.#checkVisitor(pool, visitor);
    if (address !== undefined) {
      this.#checkAddress(pool, visitor, { address, challenge }, this.#underWayFrom.get(byAddress!) ?? 0);
    }
    const leave = this.#begin(pool, visitor);
    if (byAddress !== undefined) this.#count(byAddress, 1);
    let isUnderWay = true;
    return () => {
      if (!isUnderWay) return;
      isUnderWay = false;
      leave();
      if (byAddress !== undefined) this.#count(byAddress, -1);
    };
  }

  /** Throws `too-many-requests` when other visitors from the same address fill its share of the queue of `pool`. */
  checkQueue(pool: Pool, visitor: string, { address }: Origin): void {
    const { maxWaitingPerAddress: most } = pool.settings;
    if (address === undefined || most === 'none') return;
    if (pool.queue.fromAddress(address, visitor, this.#monotonic()).length < most) return;
    const visitors = most === 1 ? 'one visitor' : `${most} visitors`;
    const message = `The limit of ${visitors} from your network in the queue is reached.`;
    throw refusal(message, retrySeconds, { of: 'address-line', most });
  }

  /** Counts the terminals, queue entries and claims under way of the claimant's owner, in all pools and for all runs. */
  #checkVisitor(pool: Pool, visitor: string): void {
    const { maxPerVisitor } = pool.settings;
    if (maxPerVisitor === 'none') return;
    const owner = ownerOf(visitor);
    // Use a set, because a claim under way may have its terminal already.
    const wanted = new Set(this.#underWayOf.get(owner));
    for (const each of this.#pools.all()) {
      for (const pod of each.terminalsOf(owner)) wanted.add(keyOf(each, pod.claim!.visitor));
      for (const waiting of each.queue.ofOwner(owner, this.#monotonic())) wanted.add(keyOf(each, waiting));
    }
    wanted.delete(keyOf(pool, visitor));
    const count = wanted.size;
    if (count < maxPerVisitor) return;
    const message = `You have ${terminals(count)}, and the limit is ${maxPerVisitor}. End one first.`;
    throw refusal(message, retrySeconds, { of: 'visitor', most: maxPerVisitor });
  }

  #checkAddress(pool: Pool, visitor: string, origin: Origin & { address: string }, underWay: number): void {
    const { maxPerAddress, claimsPerMinute, challengeFrom } = pool.settings;
    if ([maxPerAddress, claimsPerMinute, challengeFrom].every((limit) => limit === 'none')) return;
    const now = this.#clock();
    const waiting = pool.queue.fromAddress(origin.address, visitor, this.#monotonic());
    const held = pool.heldFrom(origin.address, visitor) + waiting.length + underWay;
    if (reaches(held, maxPerAddress)) {
      const message = `Your network has ${terminals(held)}, and the limit is ${maxPerAddress}.`;
      const limit = { of: 'address', most: maxPerAddress } as const;
      throw refusal(`${message} Try again when one of them has ended.`, retrySeconds, limit);
    }
    const claimed = pool.claimsFrom(origin.address, now);
    const recent = claimed.length + waiting.filter((since) => since > now - minuteMs).length + underWay;
    if (reaches(recent, claimsPerMinute)) {
      // The next claim is allowed when this one is older than a minute.
      const blocking = claimed[recent - claimsPerMinute] ?? now;
      const message = `Your network has asked for ${terminals(recent)} within a minute, and the limit is ${claimsPerMinute}.`;
      const limit = { of: 'minute', most: claimsPerMinute } as const;
      throw refusal(message, Math.ceil((blocking + minuteMs - now) / 1_000), limit);
    }
    if (origin.challenge === 'unsolved' && reaches(Math.max(held, recent), challengeFrom)) {
      const message = 'Many terminals were opened from your network. Solve the challenge first.';
      throw new ServiceError('challenge-required', message, { retryAfter: retrySeconds });
    }
  }

  #begin(pool: Pool, visitor: string): () => void {
    const owner = ownerOf(visitor);
    const key = keyOf(pool, visitor);
    const claims = this.#underWayOf.get(owner) ?? new Set();
    this.#underWayOf.set(owner, claims.add(key));
    return () => {
      claims.delete(key);
      if (claims.size === 0 && this.#underWayOf.get(owner) === claims) this.#underWayOf.delete(owner);
    };
  }

  #count(key: string, change: 1 | -1): void {
    const count = (this.#underWayFrom.get(key) ?? 0) + change;
    if (count > 0) this.#underWayFrom.set(key, count);
    else this.#underWayFrom.delete(key);
  }
}

const keyOf = (pool: Pool, claimant: string): string => `${pool.name}/${claimant}`;
const reaches = (count: number, limit: Limit): limit is number => limit !== 'none' && count >= limit;
const terminals = (count: number): string => (count === 1 ? 'one terminal' : `${count} terminals`);
const refusal = (message: string, retryAfter: number, limit: ReachedLimit) =>
  new ServiceError('too-many-requests', message, { retryAfter, limit });
