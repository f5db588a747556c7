// Traces of visits: when visitors come, and how long they stay. The same traces are used for every spare. Milliseconds from the start of the trace.

import { createRandom, exponential, type Random } from './random.ts';

export type Visit = { at: number; staysMs: number };

export type Trace = {
  name: string;
  /** In order. */
  visits: Visit[];
  /** The warm-up is not counted: the pool fills, and the arrival rate is not known yet. */
  countFrom: number;
  endsAt: number;
  /** Announced visitors, for whom a host could reserve seats. */
  windows?: { name: string; from: number; to: number; ready: number }[];
};

const minute = 60_000;
const hour = 60 * minute;
const meanStayMs = 20 * minute;

export const makeTraces = (seed: number): Trace[] => [
  poisson(seed, { perMinute: 6, hours: 24 }),
  diurnal(seed, 2),
  classes(seed),
  flashCrowd(seed),
];

/** A constant rate all day, which suits a constant spare. */
export function poisson(seed: number, { perMinute, hours }: { perMinute: number; hours: number }): Trace {
  const endsAt = hours * hour;
  const random = createRandom(seed);
  const arrivals = thinned(random, endsAt, perMinute, () => perMinute);
  return { name: `Poisson, ${perMinute} a minute`, visits: visits(random, arrivals), countFrom: hour, endsAt };
}

/** Each day goes from one visitor in five minutes at four in the morning to ten a minute at four in the afternoon. */
export function diurnal(seed: number, days: number): Trace {
  const endsAt = days * 24 * hour;
  const rate = (at: number) => 0.2 + 9.8 * (0.5 - 0.5 * Math.cos((2 * Math.PI * (at / hour - 4)) / 24)) ** 2;
  const random = createRandom(seed);
  const arrivals = thinned(random, endsAt, 10, rate);
  return { name: 'diurnal, 0.2 to 10 a minute', visits: visits(random, arrivals), countFrom: hour, endsAt };
}

/** A quiet day, and three classes of forty, each of whom comes within one minute. A host would reserve half an hour for each. */
export function classes(seed: number): Trace {
  const random = createRandom(seed);
  const endsAt = 8 * hour;
  const arrivals = thinned(random, endsAt, 0.5, () => 0.5);
  const starts = [2, 4, 6];
  const windows = starts.map((start) => {
    return { name: `class at ${start}`, from: start * hour, to: (start + 0.5) * hour, ready: 40 };
  });
  for (const start of starts) for (let one = 0; one < 40; one++) arrivals.push(start * hour + random() * minute);
  const name = 'three classes of 40 in a minute';
  return { name, visits: visits(random, arrivals), countFrom: hour, endsAt, windows };
}

/** A link is shared widely: the rate jumps from one in two minutes to sixty a minute, and falls to a third every eleven minutes. */
export function flashCrowd(seed: number): Trace {
  const endsAt = 4 * hour;
  const rate = (at: number) => 0.5 + (at < 2 * hour ? 0 : 59.5 * Math.exp((2 * hour - at) / (10 * minute)));
  const random = createRandom(seed);
  const arrivals = thinned(random, endsAt, 60, rate);
  return { name: 'flash crowd, 0.5 to 60 a minute', visits: visits(random, arrivals), countFrom: hour, endsAt };
}

const visits = (random: Random, arrivals: number[]): Visit[] =>
  arrivals.sort((a, b) => a - b).map((at) => ({ at, staysMs: exponential(random, meanStayMs) }));

/** A Poisson process with a changing rate, by Lewis and Shedler's thinning. Rates are per minute; `rate` never exceeds `peak`. */
function thinned(random: Random, endsAt: number, peak: number, rate: (at: number) => number): number[] {
  const arrivals: number[] = [];
  for (let at = exponential(random, minute / peak); at < endsAt; at += exponential(random, minute / peak)) {
    if (random() * peak < rate(at)) arrivals.push(at);
  }
  return arrivals;
}
