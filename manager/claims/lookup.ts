// Finds the pool that a request names, and the terminal of a visitor. Pure.

import { ServiceError } from '../../common/errors.ts';
import type { ObservedPod } from '../model/observation.ts';
import type { Pool } from '../model/pool.ts';
import type { Pools } from '../model/pools.ts';
import { poolAway } from '../queue/admission.ts';

// A StatefulSet adopts the pods of a deleted one with its name within about a second, if at all.
const adoptionMs = 60_000;

/** The pool `name`, or the only one. Throws `unavailable` while its StatefulSet is being recreated. */
export function findPool(pools: Pools, name: string | undefined, now: number): Pool {
  if (name !== undefined) {
    const pool = pools.get(name);
    if (pool) return pool;
    if ([...pools.away(now)].some((pool) => pool.name === name)) throw poolAway(name);
    throw new ServiceError('not-found', `There is no pool named ${name}.`);
  }
  const expected = expectedPools(pools, now);
  const [only, ...others] = [...pools.all(), ...expected];
  if (only && only === expected[0]) throw poolAway(only.name);
  if (!only) throw new ServiceError('unavailable', 'There is no pool yet.', { retryAfter: 2 });
  if (others.length > 0) throw new ServiceError('invalid-request', 'There are several pools. Name one of them.');
  return only;
}

/** The visitor's terminal in the pool `name`, or in any pool. */
export function findTerminal(
  pools: Pools,
  visitor: string,
  name: string | undefined,
  now: number,
): ObservedPod | undefined {
  for (const pool of candidates(pools, name, now)) {
    const pod = pool.terminalOf(visitor);
    if (pod) return pod;
  }
  const [expected] = name === undefined ? expectedPools(pools, now) : [];
  if (expected) throw poolAway(expected.name);
  return undefined;
}

/** The pool `name`, or all pools. */
export const candidates = (pools: Pools, name: string | undefined, now: number): Pool[] =>
  name === undefined ? [...pools.all()] : [findPool(pools, name, now)];

/** Pools whose StatefulSet was deleted recently. A label that no StatefulSet ever had names no pool. */
export const expectedPools = (pools: Pools, now: number): Pool[] =>
  [...pools.away(now)].filter(({ owner }) => owner !== undefined);

/** Whether a new StatefulSet is about to adopt the visitor's terminal. */
export const isBeingAdopted = (pools: Pools, pool: Pool, visitor: string, now: number): boolean =>
  now < pool.spec!.createdAt + adoptionMs && pools.hasOrphan(pool, visitor);

export const noTerminal = (): ServiceError => new ServiceError('session-not-found', 'You have no terminal.');

export const beingAdopted = (): ServiceError =>
  new ServiceError('unavailable', 'A new StatefulSet is adopting your terminal.', { retryAfter: 1 });
