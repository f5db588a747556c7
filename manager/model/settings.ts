// Reads a pool's settings from the annotations of its StatefulSet. An invalid value keeps the former setting.

import { formatDuration, parseDuration } from '../../common/duration.ts';
import { annotationPrefix, settingAnnotations as names } from '../../common/names.ts';
import { parseWindows, type Window } from './windows.ts';

/** A number of pods, a percentage of the pods in use, or `auto`: calculated from the demand. */
export type Spare = number | `${number}%` | 'auto';

/** An upper bound. */
export type Limit = number | 'none';

/** Counts are pods, times are milliseconds. */
export type Settings = {
  /** Ready pods to keep for the next visitors. */
  spare: Spare;
  min: number;
  max: number;
  idleTimeout: number;
  maxLifetime: number;
  /** How long a claimed pod waits for its visitor's first connection. */
  connectTimeout: number;
  /** How long a pool stays larger than needed before it shrinks. */
  scaleDownDelay: number;
  /** A pod that is not Ready for this long is broken. */
  startTimeout: number;
  /** A terminal in use that has not reported for this long is probed. */
  silenceTimeout: number;
  /** How long an attached run continues after its client has disconnected. */
  runGrace: number;
  /** How long the terminal of a run is kept after the run has ended. */
  runLinger: number;
  /** When to keep more terminals ready, and how many. */
  prewarm: readonly Window[];
  /** Terminals of one visitor, including those in other pools and those of runs. */
  maxPerVisitor: Limit;
  /** Terminals of the pool that one address may have or wait for at the same time. */
  maxPerAddress: Limit;
  /** Claims by one address in any minute. */
  claimsPerMinute: Limit;
  /** From this number of terminals, or of claims in a minute, on, each further claim of an address needs a solved challenge. */
  challengeFrom: Limit;
  /** The maximum number of waiting visitors. */
  maxWaiting: number;
  /** The maximum number of waiting visitors from one address. */
  maxWaitingPerAddress: Limit;
};

export const defaultSettings: Settings = {
  spare: 1,
  min: 0,
  max: 10,
  idleTimeout: 15 * 60_000,
  maxLifetime: 6 * 3_600_000,
  // A page connects within a second or two. A claim without a connection should not hold a terminal for long.
  connectTimeout: 15_000,
  scaleDownDelay: 5 * 60_000,
  // Adding a node and pulling an image take minutes, and are no failure.
  startTimeout: 5 * 60_000,
  // A kubelet restarts a container that fails its probe within about a minute. This timeout covers what that does not repair.
  silenceTimeout: 5 * 60_000,
  // Longer than a client needs to reconnect after a change of networks.
  runGrace: 60_000,
  runLinger: 10 * 60_000,
  prewarm: [],
  maxPerVisitor: 'none',
  // Enough for a household, while one address cannot take the whole pool. For a class behind one address, an administrator raises these.
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
    // More than ten spares per terminal in use is probably a typing error.
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
  // A terminal reports every ten seconds, to one of several managers.
  silenceTimeout: time(30_000, week),
  // A client notices a lost connection within five seconds (heartbeat in common/socket.ts).
  runGrace: time(5_000, week),
  runLinger: time(0, week),
  maxPerVisitor: limit(10_000),
  maxPerAddress: limit(10_000),
  claimsPerMinute: limit(10_000),
  challengeFrom: limit(10_000),
  // The queue is stored in one object, which is limited to 1 MiB.
  maxWaiting: count(5_000),
  maxWaitingPerAddress: limit(10_000),
};

const known = new Set<string>(Object.values(names));

/**
 * The settings in `annotations`: the `former` value for an invalid one, the default for an absent one. Also returns a sentence for each
 * invalid value and each unknown setting. `min` above `max` keeps both former values.
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
    // Apply all windows or none.
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
