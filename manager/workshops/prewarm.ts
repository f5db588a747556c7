// Seats for a workshop: how many terminals must be ready for windows that are open or about to open. Pure.
//
// A window keeps a number of seats from its start to its end. A visitor who claims a terminal during the window takes a seat, and frees
// it when the session ends. Of 40 seats, the terminals claimed since the window opened and the ready ones are 40 together.
// Earlier claims do not count: if a first class is still working, the second one finds all of its seats ready.

import { type Occurrence, occurrencesFrom, type Window } from '../model/windows.ts';

/** How many seats of each open window are taken, given the times `claims` of the terminals in use. */
export function seatsTaken(open: readonly Occurrence[], claims: readonly number[]): Map<Occurrence, number> {
  const taken = new Map<Occurrence, number>();
  let counted = 0;
  // Start with the window that opened last: a claim before its start belongs to another window.
  for (const occurrence of open.toSorted((a, b) => b.from - a.from)) {
    const since = claims.filter((at) => at >= occurrence.from).length;
    const here = Math.min(occurrence.window.ready, since - counted);
    taken.set(occurrence, here);
    counted += here;
  }
  return taken;
}

export type Prewarm = {
  /** How many terminals must be ready for windows that are open or open soon. */
  seats: number;
  /** Occurrences that are not open yet, and whose terminals are starting or ready. */
  warming: ReadonlySet<Occurrence>;
  /** Windows that are open or about to open. */
  windows: readonly Window[];
};

export type PrewarmOptions = {
  /** When the terminals in use were claimed. Called only if needed. */
  claims: () => readonly number[];
  /** How long before the start of a window its terminals must start, given their number. */
  leadMs: (seats: number) => number;
  /** How many terminals are ready or starting. */
  free: number;
};

/**
 * Existing terminals are kept within this time before a window that needs them. Their starts update the estimate of the start time,
 * which may show that they could have started later.
 */
const keptMs = 15 * 60_000;

/** The seats that the occurrences `ahead` need at `now`. */
export function prewarmAt(
  ahead: readonly Occurrence[],
  now: number,
  { claims, leadMs, free }: PrewarmOptions,
): Prewarm {
  const openAt = (at: number) => ahead.filter(({ from, to }) => from <= at && at < to);
  const open = openAt(now);
  const soon = ahead.flatMap((occurrence) => {
    const inMs = occurrence.from - now;
    const then = openAt(occurrence.from);
    const isDue = inMs > 0 && inMs <= leadMs(seatsOf(then));
    return isDue || (inMs > 0 && inMs <= keptMs) ? [{ occurrence, then, isDue }] : [];
  });
  if (open.length === 0 && soon.length === 0) return { seats: 0, warming: new Set(), windows: [] };
  const times = claims();
  const left = (occurrences: Occurrence[]) =>
    seatsOf(occurrences) - [...seatsTaken(occurrences, times).values()].reduce((sum, taken) => sum + taken, 0);
  let seats = left(open);
  const warming = new Set<Occurrence>();
  for (const { occurrence, then, isDue } of soon) {
    const wanted = left(then);
    if (isDue || free >= wanted) warming.add(occurrence);
    seats = Math.max(seats, isDue ? wanted : Math.min(wanted, free));
  }
  const windows = [...open, ...warming].flatMap(({ from }) => openAt(Math.max(now, from)));
  return { seats, warming, windows: [...new Set(windows.map(({ window }) => window))] };
}

// A limit on the occurrences of one window. More of them within another window are of no practical use.
const mostOften = 100;

/** The highest number of seats that `windows` keep at the same time between two times. */
export function reservedDuring(windows: readonly Window[], from: number, to: number): number {
  const then = windows
    .flatMap((window) => occurrencesFrom(window, from, mostOften))
    .filter((occurrence) => occurrence.from < to);
  const at = (moment: number) => then.filter((one) => one.from <= moment && moment < one.to);
  return Math.max(0, ...then.map((one) => seatsOf(at(Math.max(from, one.from)))));
}

const seatsOf = (occurrences: readonly Occurrence[]) => occurrences.reduce((sum, { window }) => sum + window.ready, 0);
