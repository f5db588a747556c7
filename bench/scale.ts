// The manager at 10,000 pods, on the stand-in with pods that have no processes: its cost when idle and under constant
// changes, the delay until it knows all pods, and whether a claim is as fast as in a small pool.

import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { atRandom } from './at-random.ts';
import { claimAll } from './claims.ts';
import { type StandIn, startStandIn } from './stand-in.ts';
import { type Measure, measure, quantile } from './statistics.ts';
import { until } from './tools.ts';

const sizes = [100, 1_000, 10_000];
const burst = 300;
const perSecond = 45;
const periodSeconds = 20;
const eventsPerSecond = [1_000, 2_000, 4_000];

export async function benchScale(directory: string): Promise<Measure[]> {
  const measures: Measure[] = [];
  for (const size of sizes) {
    const startedAt = performance.now();
    const standIn = await startStandIn(join(directory, String(size)), size);
    const add = (name: string, value: number, unit: string) => {
      const one = measure(`pool of ${size}: ${name}`, value, unit);
      process.stderr.write(`${one.name}: ${one.value} ${unit}\n`);
      measures.push(one);
    };
    try {
      await standIn.allReady();
      const largest = size === sizes.at(-1);
      if (largest) add('all exposed by one manager', (performance.now() - startedAt) / 1_000, 's');
      const relist = [];
      for (let round = 0; round < 3; round++) relist.push(await standIn.restart());
      add('manager started → everything known', quantile(relist, 0.5), 'ms');
      add('memory then (RSS)', await memory(standIn), 'MB');
      await period(standIn, add, 'idle', 0);
      await standIn.end([await standIn.claim()]);
      const { latencies } = await claimAll(standIn, size, 1);
      add('claim p50, one at a time', quantile(latencies, 0.5), 'ms');
      add('claim p99, one at a time', quantile(latencies, 0.99), 'ms');
      if (size >= burst) {
        const { busyMs } = await claimAll(standIn, size, burst, burst);
        add(`${burst} claims at once, all answered`, busyMs, 'ms');
      }
      if (!largest) continue;
      await standIn.allReady();
      for (const events of eventsPerSecond) await period(standIn, add, `${events} events/s`, events);
      add('memory after all of that (RSS)', await memory(standIn), 'MB');
    } finally {
      await standIn.close();
    }
  }
  return measures;
}

type Add = (name: string, value: number, unit: string) => void;

/** The cost of the manager during this number of pod changes a second, and the latency of claims meanwhile. */
async function period(standIn: StandIn, add: Add, name: string, events: number): Promise<void> {
  await standIn.stir(events);
  // Excludes the start, when code runs for the first time.
  await delay(2_000);
  const before = await standIn.metrics();
  const startedAt = performance.now();
  const visitors: string[] = [];
  const latencies =
    events === 0 ? [] : await atRandom(async () => void visitors.push(await standIn.claim()), perSecond, periodSeconds);
  if (events === 0) await delay(10_000);
  const cpu = `process_cpu_seconds_total`;
  const after = await standIn.metrics();
  const share = (after.get(cpu)! - before.get(cpu)!) / ((performance.now() - startedAt) / 1_000);
  add(`${name}: CPU of the manager`, share * 100, '% of a core');
  add(`${name}: its event loop late, p99`, after.get('nodejs_eventloop_lag_p99_seconds')! * 1_000, 'ms');
  if (events === 0) return;
  add(`${name}: claim p50, ${perSecond} a second at random`, quantile(latencies, 0.5), 'ms');
  add(`${name}: claim p99, ${perSecond} a second at random`, quantile(latencies, 0.99), 'ms');
  add(`${name}: a pod changes → the manager knows, p50`, quantile(await newsLag(standIn), 0.5), 'ms');
  await standIn.stir(0);
  await standIn.end(visitors);
  await standIn.allReady();
}

/** Takes pods out of the pool, as an administrator may, and waits until the manager's counts show it. Milliseconds each. */
async function newsLag({ transport, namespace, metrics }: StandIn): Promise<number[]> {
  const inUse = async () => (await metrics()).get('warmterm_pool_terminals{pool="default",state="in-use"}')!;
  const paths = Array.from(
    { length: 10 },
    (_, round) => `/api/v1/namespaces/${namespace}/pods/default-${9_000 + round}`,
  );
  const lags: number[] = [];
  for (const path of paths) {
    const before = await inUse();
    const body = { metadata: { labels: { 'warmterm.dev/claimed': 'true' } } };
    const startedAt = performance.now();
    await transport.request({ method: 'PATCH', path, contentType: 'application/merge-patch+json', body });
    await until(async () => (await inUse()) > before, 1);
    lags.push(performance.now() - startedAt);
  }
  for (const path of paths) await transport.request({ method: 'DELETE', path });
  return lags;
}

const memory = async ({ metrics }: StandIn): Promise<number> =>
  (await metrics()).get('process_resident_memory_bytes')! / 1_048_576;
