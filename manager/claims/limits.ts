// Fair use: how much of a pool one visitor or one address may have. Counted are the pods and the places in the waiting room,
// which every manager sees and which outlive it, and the claims that are under way at this one; what another one is just
// about to write is not.

import { ownerOf } from '../../common/claimant.ts';
import { type ReachedLimit, ServiceError } from '../../common/errors.ts';
import type { Pool } from '../model/pool.ts';
import type { Pools } from '../model/pools.ts';
import { minuteMs } from '../model/recent-claims.ts';
import type { Limit } from '../model/settings.ts';

/** What a claim says of where it comes from. */
export type Origin = {
  /** The keyed hash of the visitor's network. Without it the limits of an address do not apply. */
  address?: string | undefined;
  /** Whether the visitor has solved a challenge for this claim; undefined where none can be put to anybody. */
  challenge?: 'unsolved' | 'solved' | undefined;
};

// Nobody knows when somebody will end a terminal.
const whenOneEnds = 15;

export class Limits {
  readonly #pools: Pools;
  readonly #clock: () => number;
  readonly #monotonic: () => number;
  /** How many claims are under way, by pool and address. */
  readonly #underWay = new Map<string, number>();
  /** Which claims are under way, by the visitor's hash. */
  readonly #underWayOf = new Map<string, Set<string>>();

  constructor({ pools, clock, monotonic }: { pools: Pools; clock: () => number; monotonic: () => number }) {
    this.#pools = pools;
    this.#clock = clock;
    this.#monotonic = monotonic;
  }

  /**
   * Begins a claim of one more terminal in place of what the visitor has in `pool`, if anything; what it returns is to be
   * called when it is over, well or badly. Throws `too-many-requests` when there are enough, `challenge-required` when the
   * address is busy.
   */
  enter(pool: Pool, visitor: string, { address, challenge }: Origin): () => void {
    const byAddress = address === undefined ? undefined : `${pool.name}/${address}`;
    this.#checkVisitor(pool, visitor);
    if (address !== undefined) {
      this.#checkAddress(pool, visitor, { address, challenge }, this.#underWay.get(byAddress!) ?? 0);
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

  /** Throws `too-many-requests` when the visitor's address has enough visitors in the queue of `pool` without this one. */
  checkQueue(pool: Pool, visitor: string, { address }: Origin): void {
    const { maxWaitingPerAddress: most } = pool.settings;
    if (address === undefined || most === 'none') return;
    if (pool.waiting.from(address, visitor, this.#monotonic()).length < most) return;
    const message = `${most === 1 ? 'One visitor' : `${most} visitors`} of your network wait already, and no more may.`;
    throw refusal(message, whenOneEnds, { of: 'address-line', most });
  }

  /** Counts what the claimant's owner has and asks for, in all pools and for all runs: terminals, places, claims under way. */
  #checkVisitor(pool: Pool, visitor: string): void {
    const { maxPerVisitor } = pool.settings;
    if (maxPerVisitor === 'none') return;
    const owner = ownerOf(visitor);
    // A claim under way may have its terminal already.
    const wanted = new Set(this.#underWayOf.get(owner));
    for (const each of this.#pools.all()) {
      for (const pod of each.terminalsOf(owner)) wanted.add(keyOf(each, pod.claim!.visitor));
      for (const waiting of each.waiting.of(owner, this.#monotonic())) wanted.add(keyOf(each, waiting));
    }
    wanted.delete(keyOf(pool, visitor));
    const count = wanted.size;
    if (count < maxPerVisitor) return;
    const message = `You have ${terminals(count)} already, and may have ${maxPerVisitor}. End one first.`;
    throw refusal(message, whenOneEnds, { of: 'visitor', most: maxPerVisitor });
  }

  #checkAddress(pool: Pool, visitor: string, origin: Origin & { address: string }, underWay: number): void {
    const { maxPerAddress, claimsPerMinute, challengeFrom } = pool.settings;
    if ([maxPerAddress, claimsPerMinute, challengeFrom].every((limit) => limit === 'none')) return;
    const now = this.#clock();
    const waiting = pool.waiting.from(origin.address, visitor, this.#monotonic());
    const held = pool.heldFrom(origin.address, visitor) + waiting.length + underWay;
    if (reaches(held, maxPerAddress)) {
      const message = `Your network has ${terminals(held)} already, and may have ${maxPerAddress}.`;
      const limit = { of: 'address', most: maxPerAddress } as const;
      throw refusal(`${message} There is one more for it when one of them ends.`, whenOneEnds, limit);
    }
    const claimed = pool.claimsFrom(origin.address, now);
    const lately = claimed.length + waiting.filter((since) => since > now - minuteMs).length + underWay;
    if (reaches(lately, claimsPerMinute)) {
      // When so many of them are older than a minute that there is room for one more.
      const making = claimed[lately - claimsPerMinute] ?? now;
      const message = `Your network has asked for ${terminals(lately)} within a minute, and may ask for ${claimsPerMinute}.`;
      const limit = { of: 'minute', most: claimsPerMinute } as const;
      throw refusal(message, Math.ceil((making + minuteMs - now) / 1_000), limit);
    }
    if (origin.challenge === 'unsolved' && reaches(Math.max(held, lately), challengeFrom)) {
      const message = 'Many terminals were opened from your network: there is a challenge to be solved first.';
      throw new ServiceError('challenge-required', message, { retryAfter: whenOneEnds });
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
    const count = (this.#underWay.get(key) ?? 0) + change;
    if (count > 0) this.#underWay.set(key, count);
    else this.#underWay.delete(key);
  }
}

const keyOf = (pool: Pool, claimant: string): string => `${pool.name}/${claimant}`;
const reaches = (count: number, limit: Limit): limit is number => limit !== 'none' && count >= limit;
const terminals = (count: number): string => (count === 1 ? 'one terminal' : `${count} terminals`);
const refusal = (message: string, retryAfter: number, limit: ReachedLimit) =>
  new ServiceError('too-many-requests', message, { retryAfter, limit });
