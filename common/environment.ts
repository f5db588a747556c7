// Reads a service's settings from its environment. Pure. Reports all problems at once, each with the variable, its value and the
// valid form. A WARMTERM_ variable that the service does not have is reported as a typing mistake.

import * as z from 'zod';
import { formatDuration, parseDuration } from './duration.ts';
import { ServiceError } from './errors.ts';

export type Environment = Record<string, string | undefined>;

/** The types of settings. Each turns a string into a value. */
export const setting = {
  port: () => whole(0, 65_535),
  whole,
  /** Milliseconds, written with a unit (`15m`), from `min` to `max`. */
  duration: (min: string, max: string) =>
    z.string().transform((text, context) => {
      const ms = parseDuration(text);
      const [low, high] = [parseDuration(min) ?? 0, parseDuration(max) ?? Number.POSITIVE_INFINITY];
      if (ms !== undefined && ms >= low && ms <= high) return ms;
      const range = `between ${formatDuration(low)} and ${formatDuration(high)}`;
      return refuse(context, `must be a duration ${range}, such as 30s or 15m`);
    }),
  /** Bytes, written with a unit (`16MiB`), from `min` to `max`. */
  bytes: (min: string, max: string) =>
    z.string().transform((text, context) => {
      const bytes = parseBytes(text);
      if (bytes !== undefined && bytes >= (parseBytes(min) ?? 0) && bytes <= (parseBytes(max) ?? 0)) return bytes;
      return refuse(context, `must be a size between ${min} and ${max}, such as 16MiB`);
    }),
  text: () => z.string().min(1, 'must not be empty'),
  url: () => z.string().refine((text) => /^https?:/.test(text) && URL.canParse(text), 'must be an http or https URL'),
  choice: <const T extends [string, ...string[]]>(...values: T) =>
    z.enum(values, { error: `must be one of ${values.join(', ')}` }),
  flag: () => z.enum(['true', 'false'], { error: 'must be true or false' }).transform((text) => text === 'true'),
  /** A comma-separated list of at least one word. */
  list: () =>
    z.string().transform((text, context) => {
      const words = text.split(',').map((word) => word.trim());
      return words.every((word) => word !== '') ? words : refuse(context, 'must be a comma-separated list of words');
    }),
  logLevel: () => setting.choice('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
};

/**
 * Reads the settings that `shape` names, with defaults filled in, frozen. `findConflicts` returns the problems of settings that are each
 * valid but conflict with one another.
 * Throws `invalid-config` with one line for each variable that is missing, wrong or unknown.
 */
export function readEnvironment<S extends z.ZodRawShape>(
  shape: S,
  environment: Environment,
  findConflicts: (settings: z.output<z.ZodObject<S>>) => string[] = () => [],
): Readonly<z.output<z.ZodObject<S>>> {
  const given = Object.fromEntries(Object.entries(environment).filter(([name]) => name in shape));
  const result = z.object(shape).safeParse(given);
  const wrong = (result.error?.issues ?? []).map(({ path, message }) => {
    const name = String(path[0]);
    const value = environment[name];
    return value === undefined ? `${name} is not set, but required` : `${name}=${JSON.stringify(value)}: ${message}`;
  });
  const unknown = Object.keys(environment)
    .filter((name) => name.startsWith('WARMTERM_') && !(name in shape))
    .map((name) => `${name}: there is no such setting; check the spelling`);
  const conflicts = result.success ? findConflicts(result.data) : [];
  if (!result.success || unknown.length > 0 || conflicts.length > 0) {
    throw new ServiceError('invalid-config', [...wrong, ...unknown, ...conflicts].join('\n'));
  }
  return Object.freeze(result.data) as Readonly<z.output<z.ZodObject<S>>>;
}

const units: Record<string, number> = { KiB: 1_024, MiB: 1_024 ** 2, GiB: 1_024 ** 3 };

function parseBytes(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,9})([KMG]iB)$/.exec(text) ?? [];
  return digits === undefined || unit === undefined ? undefined : Number(digits) * (units[unit] ?? 0);
}

function whole(min: number, max: number) {
  return z.string().transform((text, context) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? value : refuse(context, `must be a whole number from ${min} to ${max}`);
  });
}

function refuse(context: z.RefinementCtx, message: string): never {
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
}
