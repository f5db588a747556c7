// Parses prewarm windows, which are JSON in a pool's annotation, and computes their times. Only this file uses Temporal, which
// handles wall clocks, time zones and daylight saving.

import { Temporal } from 'temporal-polyfill';
import * as z from 'zod';

/** A number of seats from one time to another. Times are milliseconds since 1970. */
export type Window = {
  name: string;
  /** Seats: terminals that are kept for the visitors of this time. */
  ready: number;
  /** The first or only occurrence. */
  from: number;
  to: number;
  repeat: Repeat | undefined;
};

/** A repetition by the wall clock of a time zone: nine o'clock stays nine o'clock when daylight saving starts or ends. */
export type Repeat = {
  days: 1 | 7;
  timeZone: string;
  /** The first occurrence by that clock, such as 2027-01-12T09:00:00. */
  from: string;
  to: string;
  /** The number of occurrences. Undefined: no end. */
  times: number | undefined;
};

/** One occurrence of a window. */
export type Occurrence = { window: Window; from: number; to: number };

export const maxWindows = 100;

const example = '2027-01-12T09:00';
const time = `a time such as ${example}, ${example}Z or ${example}+01:00`;
const timePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?$/;
const days = { daily: 1, weekly: 7 } as const;

/** The result of `read`, or undefined if Temporal rejects the text. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const withoutOffset = (text: string): string => text.replace(/(Z|[+-]\d\d:\d\d)$/, '');
const isTime = (text: string) =>
  timePattern.test(text) && attempt(() => Temporal.PlainDateTime.from(withoutOffset(text))) !== undefined;
const isDate = (text: string) =>
  /^\d{4}-\d\d-\d\d$/.test(text) && attempt(() => Temporal.PlainDate.from(text)) !== undefined;
const isTimeZone = (text: string) =>
  /^[A-Za-z]/.test(text) &&
  attempt(() => Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(text)) !== undefined;

const must = (right: string) => ({ error: ({ input }: { input?: unknown }) => `${said(input)}must be ${right}` });
const said = (input: unknown) => (input === undefined ? '' : `${JSON.stringify(input)} `);
const textOf = (right: string, is: (text: string) => boolean) => z.string(must(right)).refine(is, must(right));

const readyRight = 'a whole number from 1 to 10000';
const windowSchema = z.strictObject(
  {
    name: textOf('a name of at most 63 characters', (text) => /^[^\p{Cc}]{1,63}$/u.test(text) && text.trim() === text),
    from: textOf(time, isTime),
    to: textOf(time, isTime),
    ready: z.int(must(readyRight)).min(1, must(readyRight)).max(10_000, must(readyRight)),
    timeZone: textOf('a time zone such as Europe/Berlin', isTimeZone).optional(),
    repeat: z.enum(['daily', 'weekly'], must('daily or weekly')).optional(),
    until: textOf('a date such as 2027-03-31', isDate).optional(),
  },
  {
    error: ({ code, keys }) =>
      code === 'unrecognized_keys'
        ? `${keys?.join(', ')}: there is no such field; there are name, from, to, ready, timeZone, repeat and until`
        : 'must be an object with name, from, to and ready',
  },
);
type Written = z.infer<typeof windowSchema>;

/** The windows of an annotation, or a sentence for each error in it that names the window and the field. */
export function parseWindows(text: string): { windows: Window[] } | { problems: string[] } {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    list = undefined;
  }
  if (!Array.isArray(list))
    return { problems: ['it must be a JSON list of windows, each with name, from, to and ready'] };
  if (list.length > maxWindows) return { problems: [`there are ${list.length} windows, of at most ${maxWindows}`] };
  const problems: string[] = [];
  const windows: Window[] = [];
  const names = new Set<string>();
  for (const [index, given] of list.entries()) {
    const name = windowSchema.shape.name.safeParse(given?.name);
    const complain = (what: string) =>
      void problems.push(`window ${name.success ? `"${name.data}"` : index + 1}: ${what}`);
    if (name.success && names.has(name.data)) complain('name: there is another of this name');
    if (name.success) names.add(name.data);
    const written = windowSchema.safeParse(given);
    if (written.success) {
      const window = readWindow(written.data, complain);
      if (window) windows.push(window);
    } else {
      for (const { path, message } of written.error.issues) complain([...path, message].join(': '));
    }
  }
  return problems.length > 0 ? { problems } : { windows };
}

/** Reads one window, and complains if its fields contradict each other. */
function readWindow(written: Written, complain: (what: string) => void): Window | undefined {
  const { name, ready, timeZone, repeat, until } = written;
  // When clocks are set back, a local time occurs twice; when they are set forward, one is missing. The window then gets its longest
  // possible duration, so that pods are ready under either reading of the clock.
  const from = instantOf('from', written.from, timeZone, 'earlier', complain);
  const to = instantOf('to', written.to, timeZone, 'later', complain);
  if (until !== undefined && !repeat) complain('until: it says when a repeat ends, and there is no repeat');
  if (repeat && !timeZone) complain('repeat: it needs a timeZone, by whose clock it is');
  if (from === undefined || to === undefined) return undefined;
  if (to <= from) return void complain(`to: ${written.to} is not after from, ${written.from}`);
  const once: Window = { name, ready, from, to, repeat: undefined };
  if (!repeat || !timeZone) return once;
  const [wallFrom, wallTo] = [wallTime(from, timeZone), wallTime(to, timeZone)];
  if (Temporal.PlainDateTime.compare(wallFrom.add({ days: days[repeat] }), wallTo) < 0) {
    return void complain(`to: it lasts for longer than it takes to be repeated, ${repeat}`);
  }
  const last = until === undefined ? undefined : daysBetween(wallFrom, Temporal.PlainDate.from(until));
  if (last !== undefined && last < 0) return void complain(`until: ${until} is before from, ${written.from}`);
  const times = last === undefined ? undefined : Math.floor(last / days[repeat]) + 1;
  return {
    ...once,
    repeat: { days: days[repeat], timeZone, from: wallFrom.toString(), to: wallTo.toString(), times },
  };
}

function instantOf(
  field: 'from' | 'to',
  text: string,
  timeZone: string | undefined,
  disambiguation: 'earlier' | 'later',
  complain: (what: string) => void,
): number | undefined {
  const hasOffset = withoutOffset(text) !== text;
  if (!timeZone) {
    if (hasOffset) return Temporal.Instant.from(text).epochMilliseconds;
    return void complain(
      `${field}: ${text} is a time of no place: add a timeZone, or write it as ${text}Z or ${text}+01:00`,
    );
  }
  if (!hasOffset) return zoned(Temporal.PlainDateTime.from(text), timeZone, disambiguation);
  const instant = attempt(() => Temporal.ZonedDateTime.from(`${text}[${timeZone}]`, { offset: 'reject' }));
  if (!instant) complain(`${field}: ${text} has an offset that ${timeZone} does not have then`);
  return instant?.epochMilliseconds;
}

const zoned = (wall: Temporal.PlainDateTime, timeZone: string, disambiguation: 'earlier' | 'later'): number =>
  wall.toZonedDateTime(timeZone, { disambiguation }).epochMilliseconds;

const wallTime = (at: number, timeZone: string): Temporal.PlainDateTime =>
  Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDateTime();

const daysBetween = (from: Temporal.PlainDateTime, to: Temporal.PlainDate): number =>
  from.toPlainDate().until(to, { largestUnit: 'day' }).days;

/** The next `count` occurrences of a window that are not over at `now`, in order. */
export function occurrencesFrom(window: Window, now: number, count: number): Occurrence[] {
  const { repeat } = window;
  const found: Occurrence[] = [];
  const [first, times] = repeat ? [repetition(repeat, now), repeat.times ?? Number.POSITIVE_INFINITY] : [0, 1];
  // The previous occurrence may not be over yet.
  for (let index = Math.max(0, first - 1); found.length < count && index < times; index++) {
    const occurrence = occurrenceOf(window, index);
    if (now < occurrence.to) found.push(occurrence);
  }
  return found;
}

/** The last occurrence of a window, or the first if it repeats without end. */
export const lastOccurrence = (window: Window): Occurrence => occurrenceOf(window, (window.repeat?.times ?? 1) - 1);

/** How often a window has repeated by `now`. */
const repetition = ({ from, timeZone, days }: Repeat, now: number): number =>
  Math.floor(daysBetween(Temporal.PlainDateTime.from(from), wallTime(now, timeZone).toPlainDate()) / days);

function occurrenceOf(window: Window, index: number): Occurrence {
  const { repeat } = window;
  if (!repeat || index === 0) return { window, from: window.from, to: window.to };
  const [from, to] = [repeat.from, repeat.to].map((text) =>
    Temporal.PlainDateTime.from(text).add({ days: index * repeat.days }),
  ) as [Temporal.PlainDateTime, Temporal.PlainDateTime];
  return { window, from: zoned(from, repeat.timeZone, 'earlier'), to: zoned(to, repeat.timeZone, 'later') };
}

/** A pool's windows over time. Caches the occurrences, so that not every call computes them. */
export class Schedule {
  readonly windows: readonly Window[];
  #ahead: Occurrence[] = [];
  #validFrom = Number.POSITIVE_INFINITY;
  #validTo = Number.NEGATIVE_INFINITY;

  constructor(windows: readonly Window[]) {
    this.windows = windows;
  }

  /** The present or next occurrence of each window that is not over at `now`, and the one after it, by start. */
  ahead(now: number): readonly Occurrence[] {
    if (now < this.#validFrom || now >= this.#validTo) {
      this.#ahead = this.windows.flatMap((window) => occurrencesFrom(window, now, 2)).sort((a, b) => a.from - b.from);
      this.#validFrom = now;
      this.#validTo = Math.min(...this.#ahead.map(({ to }) => to));
    }
    return this.#ahead;
  }

  /** The present or next occurrence of each window. */
  next(now: number): Occurrence[] {
    const ahead = this.ahead(now);
    return ahead.filter(({ window }, index) => ahead.findIndex((other) => other.window === window) === index);
  }
}
