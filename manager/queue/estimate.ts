// When a visitor in the queue can expect a terminal, as a range, from one snapshot. It does not consider former answers: see
// promise.ts. Pure.

import type { Range } from '../model/estimators/sessions.ts';
import { podState } from '../model/observation.ts';
import type { Pool } from '../model/pool.ts';
import type { PoolFacts } from '../model/pool-facts.ts';
import { startsFail } from '../plan/broken.ts';
import type { PoolSnapshot } from '../plan/snapshot.ts';

export type QueuePosition = {
  pool: Pool;
  position: number;
  waiting: number;
  /** Visitors ahead whose claims are being written. They have left the queue, but their pods still look ready. */
  claiming: number;
};

export type Estimate = {
  /** What the visitor waits for: pods that start, or sessions that end. */
  on: 'starts' | 'sessions';
  /** The terminal is free within this range with 90% probability. Undefined without enough data. */
  range: Range | undefined;
  /** When the maximum lifetime of sessions frees a terminal, in milliseconds from now. Undefined if it does not. */
  latestMs: number | undefined;
  /** The number of terminals that the pool can have now. */
  terminals: number;
  /** Pods do not start, so the range and the lifetimes are not valid. */
  startsFail: boolean;
};

/** The estimate for the visitor at this position (from 1) in the queue. */
export function estimate({ pool, counts }: PoolSnapshot, position: number): Estimate {
  const { now } = pool;
  const { inUse, ready, recreating } = counts;
  const free = ready + recreating + Math.max(0, pool.settings.max - pool.replicas);
  const known = { terminals: inUse + free, startsFail: startsFail(pool) };
  if (position <= free) {
    return {
      ...known,
      on: 'starts',
      range: startRange(pool, position, now, { ready, recreating }),
      latestMs: undefined,
    };
  }
  const ends = position - free;
  const { starts, sessions } = pool;
  const lastEnd = lastEnds(pool)[ends - 1];
  const latestMs = lastEnd === undefined ? undefined : Math.max(0, lastEnd - now) + starts.refillMs;
  const end = sessions.endRange(ends, inUse);
  const range = end && { from: end.from + starts.refillMs, to: end.to + starts.readyWithinMs(1) };
  return { ...known, on: 'sessions', range: range && notAfter(range, latestMs), latestMs };
}

/** When the pod for this position is ready. Pods that started first are ready first. */
function startRange(
  pool: PoolFacts,
  position: number,
  now: number,
  { ready, recreating }: { ready: number; recreating: number },
): Range | undefined {
  const { refillMs } = pool.starts;
  const withinMs = pool.starts.readyWithinMs(position);
  if (position <= ready) return { from: 0, to: withinMs };
  const started = [...pool.pods()]
    .filter((pod) => pod.ordinal < pool.replicas && podState(pod) === 'recreating' && !pod.terminating)
    .map(({ createdAt }) => createdAt)
    .sort((a, b) => a - b)
    // The oldest ones may be broken.
    .slice(-recreating);
  const sinceMs = Math.max(0, now - (started[position - ready - 1] ?? now));
  // For a pod that takes longer than all pods before it, there is no estimate.
  return sinceMs < withinMs ? { from: Math.max(0, refillMs - sinceMs), to: withinMs - sinceMs } : undefined;
}

const notAfter = ({ from, to }: Range, latestMs = Number.POSITIVE_INFINITY): Range => ({
  from: Math.min(from, latestMs),
  to: Math.min(to, latestMs),
});

/** When each session reaches its maximum lifetime, earliest first. */
const lastEnds = (pool: PoolFacts): number[] =>
  [...pool.pods()]
    .filter((pod) => podState(pod) === 'in-use')
    .map((pod) => (pod.claim?.claimedAt ?? 0) + pool.settings.maxLifetime)
    .sort((a, b) => a - b);
