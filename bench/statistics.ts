// The few numbers that a bench reports.

/** The value below which the share `q` (0 to 1) of `values` lies; NaN for none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** A measurement: name, value, unit. */
export type Measure = { name: string; value: number; unit: string };

export const measure = (name: string, value: number, unit: string): Measure => ({
  name,
  value: Number(value.toPrecision(3)),
  unit,
});
