// Reads a service's Prometheus metrics as numbers.

/** Values by name and labels, as they are written. */
export async function readMetrics(url: string): Promise<Map<string, number>> {
  const text = await (await fetch(url)).text();
  const samples = [...text.matchAll(/^([a-z]\S*) (\S+)$/gm)];
  return new Map(samples.map(([, name, value]) => [name!, Number(value)]));
}
