// Durations as people write them: `500ms`, `30s`, `15m`, `6h`, `2d`.

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds of a duration such as `15m`; undefined if it is not one, or is longer than Node's timers allow. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text.trim());
  if (!match) return undefined;
  const ms = Number(match[1]) * units[match[2] as keyof typeof units];
  return ms <= 2 ** 31 - 1 ? ms : undefined;
}

/** The shortest exact way to write `ms` milliseconds, for messages: 90000 → `90s`, 900000 → `15m`. */
export function formatDuration(ms: number): string {
  for (const [unit, size] of Object.entries(units).reverse()) {
    if (ms > 0 && ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${Math.round(ms)}ms`;
}
