// Reads Prometheus' text format strictly: it rejects lines that a scrape would reject.
// https://prometheus.io/docs/instrumenting/exposition_formats/

/** Samples as `name{label="value"}` → value. Throws for an invalid line, or a sample without a preceding TYPE. */
export function readMetrics(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  let family = '';
  for (const line of text.split('\n')) {
    const type = /^# TYPE ([a-z0-9_]+) (?:counter|gauge|histogram|summary)$/.exec(line);
    if (type) family = type[1]!;
    if (line === '' || /^# (HELP|TYPE) [a-z0-9_]+ \S/.test(line)) continue;
    const sample = /^([a-z0-9_]+)(\{[a-z_]+="[^"]*"(?:,[a-z_]+="[^"]*")*\})? (\S+)$/.exec(line);
    if (!sample?.[1]?.startsWith(family) || family === '') throw new Error(`not a sample of ${family}: ${line}`);
    if (samples.has(line.slice(0, line.lastIndexOf(' ')))) throw new Error(`told twice: ${line}`);
    samples.set(line.slice(0, line.lastIndexOf(' ')), Number(sample[3]));
  }
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  return samples;
}
