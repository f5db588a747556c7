// A pool's settings, out of its StatefulSet's annotations. A value that does not parse leaves the former in force.

import { formatDuration, parseDuration } from '../../common/duration.ts';
import { annotationPrefix, settingAnnotations as names } from '../../common/names.ts';
import { parseWindows, type Window } from './windows.ts';

/** As it is written in a pool's annotation: a number of pods, a percentage of those in use, or whatever is needed. */
export type Spare = number | `${number}%` | 'auto';

/** At most so many. */
export type Limit = number | 'none';

/** Counts are pods, times are milliseconds. */
export type Settings = {
  /** Ready pods to keep for the next visitors. */
  spare: Spare;
  min: number;
  max: number;
  idleTimeout: number;
  maxLifetime: number;
  /** How long a claimed pod may wait for its visitor's first connection. */
  connectTimeout: number;
  /** How long a pool is larger than it needs to be before it shrinks. */
  scaleDownDelay: number;
  /** A pod that is not Ready for so long is broken. */
  startTimeout: number;
  /** A terminal in use that has not reported for so long is knocked at. */
  silenceTimeout: number;
  /** How long an attached run goes on after its client is gone. */
  runGrace: number;
  /** How long the terminal of a run stays after the run has ended. */
  runLinger: number;
  /** When more terminals are to be ready, and how many. */
  prewarm: readonly Window[];
  /** Terminals of one visitor, those in other pools and those of runs included. */
  maxPerVisitor: Limit;
  /** Terminals of the pool that one address may have, and wait for, at once. */
  maxPerAddress: Limit;
  /** Claims that one address may make in any minute. */
  claimsPerMinute: Limit;
  /** From so many terminals, or claims in a minute, on, an address has to solve a challenge for each further one. */
  challengeFrom: Limit;
  /** How many visitors may wait at once. */
  maxWaiting: number;
  /** How many of them may be of one address. */
  maxWaitingPerAddress: Limit;
};

export const defaultSettings: Settings = {
  spare: 1,
  min: 0,
  max: 10,
  idleTimeout: 15 * 60_000,
  maxLifetime: 6 * 3_600_000,
  // A page connects within a second or two. Whoever claims without connecting should not keep terminals from others for long.
  connectTimeout: 15_000,
  scaleDownDelay: 5 * 60_000,
  // A node that has to be added and an image that has to be pulled take minutes, and are no fault.
  startTimeout: 5 * 60_000,
  // A kubelet restarts what does not answer it within a minute or so: this is for what that does not mend.
  silenceTimeout: 5 * 60_000,
  // Longer than a client takes to come back from a change of networks.
  runGrace: 60_000,
  runLinger: 10 * 60_000,
  prewarm: [],
  maxPerVisitor: 'none',
  // Enough for a household, and one address cannot take the pool. The host of a class behind one address lifts them.
  maxPerAddress: 5,
  claimsPerMinute: 10,
  challengeFrom: 'none',
  maxWaiting: 200,
  maxWaitingPerAddress: 5,
};

type Kind<T> = { read: (text: string) => T | undefined; right: string };

const count = (max: number): Kind<number> => ({
  read: (text) => (/^\d{1,6}$/.test(text) && Number(text) <= max ? Number(text) : undefined),
  right: `a whole number from 0 to ${max}`,
});

const limit = (max: number): Kind<Limit> => ({
  read: (text) => (text === 'none' ? text : Number(text) === 0 ? undefined : count(max).read(text)),
  right: `a whole number from 1 to ${max}, or none`,
});

const spare = ({ read, right }: Kind<number>): Kind<Spare> => ({
  read: (text) => {
    if (text === 'auto') return text;
    // More than ten for each in use is a slip of the finger.
    const percent = /^(\d{1,4})%$/.exec(text)?.[1];
    if (percent !== undefined) return Number(percent) <= 1_000 ? `${Number(percent)}%` : undefined;
    return read(text);
  },
  right: `${right}, a percentage of those in use from 0% to 1000%, or auto`,
});

const time = (min: number, max: number): Kind<number> => ({
  read: (text) => {
    const ms = parseDuration(text);
    return ms !== undefined && ms >= min && ms <= max ? ms : undefined;
  },
  right: `a duration from ${formatDuration(min)} to ${formatDuration(max)}, such as 15m`,
});

const week = 7 * 24 * 3_600_000;
const kinds: { [Key in Exclude<keyof Settings, 'prewarm'>]: Kind<Settings[Key]> } = {
  spare: spare(count(10_000)),
  min: count(10_000),
  max: count(10_000),
  idleTimeout: time(1_000, week),
  maxLifetime: time(1_000, week),
  connectTimeout: time(1_000, 3_600_000),
  scaleDownDelay: time(1_000, week),
  startTimeout: time(1_000, 3_600_000),
  // Reports come every ten seconds, and each to one of several managers.
  silenceTimeout: time(30_000, week),
  // A client that has lost its line notices within five seconds (heartbeat in common/socket.ts).
  runGrace: time(5_000, week),
  runLinger: time(0, week),
  maxPerVisitor: limit(10_000),
  maxPerAddress: limit(10_000),
  claimsPerMinute: limit(10_000),
  challengeFrom: limit(10_000),
  // All of them are in one object, which may not be larger than 1 MiB.
  maxWaiting: count(5_000),
  maxWaitingPerAddress: limit(10_000),
};

const known = new Set<string>(Object.values(names));

/**
 * The settings that `annotations` ask for, with `former` wherever one is wrong and the default wherever one is absent;
 * and a sentence for each that is wrong, or that no setting has. `min` above `max` leaves both as they were.
 */
export function readSettings(
  annotations: Readonly<Record<string, string>>,
  former: Settings = defaultSettings,
): { settings: Settings; problems: string[] } {
  const settings = { ...defaultSettings };
  const problems: string[] = [];
  const read = <Key extends keyof typeof kinds>(key: Key) => {
    const text = annotations[names[key]];
    if (text === undefined) return;
    const value = kinds[key].read(text.trim());
    settings[key] = value ?? former[key];
    if (value === undefined) problems.push(`${names[key]}=${JSON.stringify(text)} must be ${kinds[key].right}`);
  };
  for (const key of Object.keys(kinds) as (keyof typeof kinds)[]) read(key);
  const unknown = Object.keys(annotations).filter((name) => name.startsWith(annotationPrefix) && !known.has(name));
  problems.push(...unknown.map((name) => `${name}: there is no such setting; remove or correct the annotation`));
  const windows = annotations[names.prewarm];
  if (windows !== undefined) {
    const parsed = parseWindows(windows);
    // All of them or none: half of a plan is nobody's.
    settings.prewarm = 'windows' in parsed ? parsed.windows : former.prewarm;
    if ('problems' in parsed) problems.push(...parsed.problems.map((problem) => `${names.prewarm}: ${problem}`));
  }
  if (settings.min > settings.max) {
    problems.push(`${names.min}=${settings.min} is above ${names.max}=${settings.max}`);
    settings.min = former.min;
    settings.max = former.max;
  }
  return { settings, problems };
}
