// The visitor's view of a position in the queue. Pure.

import type { Promised, Waiting } from '../../common/manager-api.ts';
import { takeSnapshot } from '../plan/snapshot.ts';
import { estimate, type QueuePosition } from '../queue/estimate.ts';
import { forecastWait } from '../queue/promise.ts';

/** A position, and when to expect a terminal there. `promised`: the promise in the last answer to the visitor. */
export function describeWaiting(
  { pool, position, waiting, claiming }: QueuePosition,
  now: number,
  promised?: Promised,
): Waiting {
  const terminalsNeeded = position + claiming;
  const snapshot = takeSnapshot(pool, now, waiting);
  const {
    range,
    latestMs,
    cause,
    promised: next,
  } = forecastWait(estimate(snapshot, terminalsNeeded), terminalsNeeded, now, promised);
  return {
    status: 'waiting',
    pool: pool.name,
    place: position,
    waiting,
    ...(range && { earliestSeconds: Math.floor(range.from / 1_000), expectedSeconds: seconds(range.to) }),
    ...(latestMs !== undefined && { latestSeconds: seconds(latestMs) }),
    ...(cause && { cause }),
    promised: next,
  };
}

const seconds = (ms: number): number => Math.ceil(ms / 1_000);
