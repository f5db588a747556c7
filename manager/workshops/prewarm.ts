// Seats for a workshop: how many terminals are to be ready for windows that are open, or about to open. Pure.
//
// A window keeps so many seats from its start to its end. Whoever claims a terminal meanwhile takes one of them, and gives
// it back when that session is over: of forty seats, those in use that were claimed since the window opened, and those that
// are ready, are forty together. What was claimed before belongs to somebody else: after a first class that has not gone home
// yet, there are as many ready for a second.

import { type Occurrence, occurrencesFrom, type Window } from '../model/windows.ts';

/** How many seats of each of `open` somebody sits on who came at one of the times `claims`. */
export function seatsTaken(open: readonly Occurrence[], claims: readonly number[]): Map<Occurrence, number> {
  const taken = new Map<Occurrence, number>();
  let counted = 0;
  // Of several windows, the one that opened last first: whoever came before it sits in another.
  for (const occurrence of open.toSorted((a, b) => b.from - a.from)) {
    const since = claims.filter((at) => at >= occurrence.from).length;
    const here = Math.min(occurrence.window.ready, since - counted);
    taken.set(occurrence, here);
    counted += here;
  }
  return taken;
}

export type Prewarm = {
  /** How many terminals are to be ready for windows: for those that are open, or for those that open soon. */
  seats: number;
  /** Those that are not open yet, and whose terminals are being started, or there. */
  warming: ReadonlySet<Occurrence>;
  /** Those that are open, or about to be. */
  windows: readonly Window[];
};

export type PrewarmOptions = {
  /** When the terminals in use were claimed; asked for only when that matters. */
  claims: () => readonly number[];
  /** How long before its start a window's terminals have to be started, when there are so many. */
  leadMs: (seats: number) => number;
  /** How many terminals are ready, or starting. */
  free: number;
};

/**
 * What is there is not given back within so long before a window that wants it. Having started them the pool knows how long they
 * take, and may well find that it could have begun later.
 */
const keptMs = 15 * 60_000;

/** What the windows `ahead` ask for at `now`. */
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

// More often than this no window comes in the time of another that is of any use.
const mostOften = 100;

/** The most seats that `windows` keep at once between two times. */
export function reservedDuring(windows: readonly Window[], from: number, to: number): number {
  const then = windows
    .flatMap((window) => occurrencesFrom(window, from, mostOften))
    .filter((occurrence) => occurrence.from < to);
  const at = (moment: number) => then.filter((one) => one.from <= moment && moment < one.to);
  return Math.max(0, ...then.map((one) => seatsOf(at(Math.max(from, one.from)))));
}

const seatsOf = (occurrences: readonly Occurrence[]) => occurrences.reduce((sum, { window }) => sum + window.ready, 0);
