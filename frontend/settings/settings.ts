// What a person may set, in this browser and for all terminals in it: values, bounds, defaults. Pure.

export const choices = {
  theme: ['system', 'dark', 'light', 'contrast'],
  cursorStyle: ['block', 'bar', 'underline'],
  /** What programs in the terminal may do to the clipboard; none may ever read it. */
  programsCopy: ['ask', 'allow', 'deny'],
  keyRow: ['auto', 'show', 'hide'],
  language: ['auto', 'en', 'de'],
} as const;

/** In pixels. */
export const fontSizes = { least: 8, most: 40 } as const;

type Choices = { [Name in keyof typeof choices]: (typeof choices)[Name][number] };

export type Settings = Choices & {
  fontSize: number;
  /** A font that this machine has; empty for the one that it prefers. */
  fontFamily: string;
  cursorBlink: boolean;
  bellFlash: boolean;
  bellSound: boolean;
  /** A notification when it rings out of sight. */
  bellNotify: boolean;
  copyOnSelect: boolean;
  screenReader: boolean;
  /** Whether the bar is there. */
  bar: boolean;
};

export const defaults: Settings = {
  theme: 'system',
  fontSize: 14,
  fontFamily: '',
  cursorStyle: 'block',
  cursorBlink: true,
  bellFlash: true,
  bellSound: false,
  bellNotify: false,
  copyOnSelect: true,
  programsCopy: 'ask',
  keyRow: 'auto',
  screenReader: false,
  language: 'auto',
  bar: true,
};

/** The settings that `text` (JSON) holds. What is not valid in it, or not known, is as if it had never been set. */
export function readSettings(text: string | undefined): Settings {
  return { ...defaults, ...valid(parse(text)) };
}

/** What to keep of `settings`: whatever is not as it would be anyway, so that better defaults reach everybody. */
export function writeSettings(settings: Settings): string {
  const differing = Object.entries(settings).filter(([name, value]) => value !== defaults[name as keyof Settings]);
  return JSON.stringify(Object.fromEntries(differing));
}

/** What of `change` may be set. */
export function valid(change: Record<string, unknown>): Partial<Settings> {
  const names = Object.keys(defaults) as (keyof Settings)[];
  return Object.fromEntries(names.filter((name) => isValid(name, change[name])).map((name) => [name, change[name]]));
}

function isValid(name: keyof Settings, value: unknown): boolean {
  if (name in choices) return (choices[name as keyof Choices] as readonly unknown[]).includes(value);
  if (name === 'fontSize') return Number.isInteger(value) && inBounds(value as number) === value;
  // It becomes part of a list of fonts: nothing that could end its quotes.
  if (name === 'fontFamily') return typeof value === 'string' && /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$|^$/u.test(value);
  return typeof value === 'boolean';
}

/** The nearest font size that there is. */
export const inBounds = (fontSize: number): number =>
  Math.min(fontSizes.most, Math.max(fontSizes.least, Math.round(fontSize)));

function parse(text: string | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
