// When a visitor in the queue can expect a terminal, as a range, from what is so at one moment. What was said before is not
// known here: see promise.ts. Pure.

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
  /** Visitors ahead whose claims are being written. They have left the queue, and their pods still look ready. */
  claiming: number;
};

export type Estimate = {
  /** What has to happen first: pods start, or sessions end. */
  on: 'starts' | 'sessions';
  /** In nine cases of ten the terminal comes within the range. Undefined while too little is known. */
  range: Range | undefined;
  /** The longest lifetime of sessions frees a terminal by then, if nothing breaks. Milliseconds from now; undefined: it does not. */
  latestMs: number | undefined;
  /** How many terminals the pool can have now. */
  terminals: number;
  /** Pods do not start: the range and the lifetimes say nothing. */
  startsFail: boolean;
};

/** For the visitor at this position, from 1, in the queue. */
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

/** When the pod for this position is ready. Those that have been starting for longest come first. */
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
    // The oldest may be broken.
    .slice(-recreating);
  const sinceMs = Math.max(0, now - (started[position - ready - 1] ?? now));
  // A pod that takes longer than any before it may take any time.
  return sinceMs < withinMs ? { from: Math.max(0, refillMs - sinceMs), to: withinMs - sinceMs } : undefined;
}

const notAfter = ({ from, to }: Range, latestMs = Number.POSITIVE_INFINITY): Range => ({
  from: Math.min(from, latestMs),
  to: Math.min(to, latestMs),
});

/** When each session reaches its longest lifetime, the first of them first. */
const lastEnds = (pool: PoolFacts): number[] =>
  [...pool.pods()]
    .filter((pod) => podState(pod) === 'in-use')
    .map((pod) => (pod.claim?.claimedAt ?? 0) + pool.settings.maxLifetime)
    .sort((a, b) => a - b);
