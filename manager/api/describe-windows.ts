// The host page's view of a pool's prewarm windows. Pure.

import type { WindowStatus } from '../../common/manager-api.ts';
import { lastOccurrence, type Occurrence } from '../model/windows.ts';
import { claimTimes, type PoolSnapshot } from '../plan/snapshot.ts';
import { fitsNow } from '../workshops/fit.ts';
import { seatsTaken } from '../workshops/prewarm.ts';

const iso = (ms: number): string => new Date(ms).toISOString();

/** Each window once: its present or next occurrence, by start; then the windows that are over. */
export function describeWindows({ pool, counts, prewarm }: PoolSnapshot): WindowStatus[] {
  const { now } = pool;
  const next = pool.schedule.next(now);
  const { warming } = prewarm;
  const isOpen = ({ from }: Occurrence) => from <= now;
  const taken = seatsTaken(next.filter(isOpen), claimTimes(pool));
  const fits = new Map(fitsNow(pool).map((fit) => [fit.window, fit.fits]));
  let readyLeft = counts.ready;
  const described = next.map((occurrence): WindowStatus => {
    const state = isOpen(occurrence) ? 'open' : warming.has(occurrence) ? 'warming' : 'upcoming';
    const seats = { seats: occurrence.window.ready, taken: taken.get(occurrence) ?? 0 };
    // A ready terminal counts as a seat of one window only.
    const here = state === 'upcoming' ? 0 : Math.min(readyLeft, seats.seats - seats.taken);
    readyLeft -= here;
    const known = fits.get(occurrence.window.name);
    return { ...describeTime(occurrence), state, ...seats, ready: here, ...(known && { fits: known }) };
  });
  const over = pool.schedule.windows.filter((window) => !next.some((occurrence) => occurrence.window === window));
  return [...described, ...over.map(lastOccurrence).map(describeOver)];
}

const describeTime = ({ window, from, to }: Occurrence) => ({ name: window.name, from: iso(from), to: iso(to) });

const describeOver = (occurrence: Occurrence): WindowStatus => ({
  ...describeTime(occurrence),
  state: 'over',
  seats: occurrence.window.ready,
  taken: 0,
  ready: 0,
});
