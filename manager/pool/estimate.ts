// When a visitor who waits can expect a terminal. Pure, and honest: what is not known is not said.

import { podState } from './observation.ts';
import { countPods } from './plan.ts';
import type { Pool } from './pool.ts';

export type Estimate = {
  /** On average, in milliseconds; undefined while nobody knows how long sessions last here. */
  expectedMs: number | undefined;
  /** By then, if nothing breaks, because sessions have a longest lifetime; undefined where that promises nothing. */
  latestMs: number | undefined;
};

/** For whoever has this place, from 1, in the waiting room of the pool at `now`. */
export function estimate(pool: Pool, place: number, now: number): Estimate {
  const { inUse, ready, recreating } = countPods(pool, now);
  const { refillMs } = pool.starts;
  const toCome = ready + recreating + Math.max(0, pool.settings.max - pool.replicas);
  if (place <= toCome) return { expectedMs: refillMs, latestMs: undefined };
  // So many sessions have to end before. Of n that go on, one ends in a n-th of the time that one lasts.
  const ends = place - toCome;
  const { meanMs } = pool.sessions;
  const last = lastEnds(pool)[ends - 1];
  const latestMs = last === undefined ? undefined : Math.max(0, last - now) + refillMs;
  const expectedMs = meanMs === undefined || inUse === 0 ? undefined : (ends * meanMs) / inUse + refillMs;
  return {
    expectedMs: expectedMs === undefined ? undefined : Math.min(expectedMs, latestMs ?? Number.POSITIVE_INFINITY),
    latestMs,
  };
}

/** When each session reaches its longest lifetime, the first of them first. */
const lastEnds = (pool: Pool): number[] =>
  [...pool.pods()]
    .filter((pod) => podState(pod) === 'in-use')
    .map((pod) => (pod.claim?.claimedAt ?? 0) + pool.settings.maxLifetime)
    .sort((a, b) => a - b);
