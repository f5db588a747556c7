// A full pool: every terminal of a pool at its `max` is in use, and visitors wait. Measures the time from the end of a session
// to the prompt of the first visitor in the queue, step by step. On the real cluster that KUBECONFIG names, with the chart;
// without KUBECONFIG on the stand-in.

import { mkdirSync } from 'node:fs';
import { noAddressLimits } from '../../local/pool.ts';
import { startSystem } from '../../local/system.ts';
import { createTransport, type Transport } from '../../manager/kubernetes/transport.ts';
import { launchBrowser } from '../../test/helpers/frontend-browser.ts';
import { silent } from '../../test/helpers/manager.ts';
import { installRelease } from '../../test/helpers/release.ts';
import { poolStatus } from '../../test/helpers/system.ts';
import { type Measure, measure, median, quantile } from '../statistics.ts';
import { until } from '../tools.ts';
import { clusterSteps, observe } from './timeline.ts';
import { openVisitor, type Visitor } from './visitor.ts';

const seats = 2;
const waiting = 2;
const ends = 10;
const patienceMs = 300_000;

const steps = ['end answered', ...clusterSteps, 'claim answered', 'socket attached', 'prompt painted'] as const;
type Step = (typeof steps)[number];
/** Milliseconds since the end was requested. */
type End = { at: Map<Step, number>; sockets: number };

type System = { pageUrl: string; hostToken: string; transport: Transport; close: () => Promise<void> };

export async function benchSeat(directory: string): Promise<Measure[]> {
  const system = process.env.KUBECONFIG ? await startOnCluster() : await startOnMachine(directory);
  const name = process.env.KUBECONFIG ? 'seat, cluster' : 'seat, stand-in';
  try {
    await until(async () => (await poolStatus(system).catch(() => undefined))?.ready === seats, 200, patienceMs);
    return report(name, await runEnds(system));
  } finally {
    await system.close();
  }
}

async function runEnds({ pageUrl, transport }: System): Promise<End[]> {
  const observer = await observe(transport);
  const browser = await launchBrowser();
  try {
    const seated: Visitor[] = [];
    while (seated.length < seats) {
      const visitor = await openVisitor(browser, pageUrl);
      await visitor.arrived();
      seated.push(visitor);
    }
    const queue: Visitor[] = [];
    const results: End[] = [];
    while (results.length < ends) {
      while (queue.length < waiting) {
        const visitor = await openVisitor(browser, pageUrl);
        await visitor.queued();
        queue.push(visitor);
      }
      const [leaves, comes] = [seated.shift()!, queue.shift()!];
      const followed = await observer.follow(await leaves.podName());
      const socketsBefore = comes.sockets();
      const askedAt = Date.now();
      await leaves.end();
      const answeredAt = Date.now();
      const { claimed, attached, prompt } = await comes.arrived();
      const times: [Step, number][] = [
        ['end answered', answeredAt],
        ...followed.timeline,
        ['claim answered', claimed],
        ['socket attached', attached],
        ['prompt painted', prompt],
      ];
      results.push({
        at: new Map(times.map(([step, at]) => [step, at - askedAt])),
        sockets: comes.sockets() - socketsBefore,
      });
      await leaves.close();
      seated.push(comes);
    }
    return results;
  } finally {
    await browser.close();
    await observer.close();
  }
}

function report(name: string, results: End[]): Measure[] {
  const totals = results.map(({ at }) => at.get('prompt painted')!);
  return [
    measure(`${name}: session end → next prompt, median`, median(totals), 'ms'),
    measure(`${name}: session end → next prompt, slowest of ${ends}`, Math.max(...totals), 'ms'),
    measure(`${name}: session end → next prompt, fastest of ${ends}`, quantile(totals, 0), 'ms'),
    // The time of each step since the end was requested, not its duration, because two steps may overlap.
    ...steps.flatMap((step) => {
      const at = results.flatMap((end) => end.at.get(step) ?? []);
      return at.length === 0 ? [] : [measure(`${name}:   until ${step}, median`, median(at), 'ms')];
    }),
    ...(['Ready', 'claim answered', 'socket attached'] as const).map((step, index) => {
      const next = (['claim answered', 'socket attached', 'prompt painted'] as const)[index]!;
      const took = results.map(({ at }) => at.get(next)! - at.get(step)!);
      return measure(`${name}:   ${step} → ${next}, slowest`, Math.max(...took), 'ms');
    }),
    measure(`${name}:   sockets that a visitor opened, most`, Math.max(...results.map(({ sockets }) => sockets)), ''),
  ];
}

async function startOnCluster(): Promise<System> {
  const release = await installRelease({
    'poolDefaults.spare': '1',
    'poolDefaults.min': String(seats),
    'poolDefaults.max': String(seats),
  });
  return { ...release, close: release.discard };
}

async function startOnMachine(directory: string): Promise<System> {
  mkdirSync(directory, { recursive: true });
  const system = await startSystem({
    directory,
    dist: new URL('../../dist/', import.meta.url),
    log: silent,
    host: '127.0.0.1',
    port: 0,
    pool: { replicas: seats, settings: { ...noAddressLimits, spare: '1', min: String(seats), max: String(seats) } },
  });
  process.env.KUBECONFIG = system.cluster.kubeconfig;
  const transport = createTransport({ namespace: system.cluster.namespace, deadlineMs: 10_000 });
  delete process.env.KUBECONFIG;
  const close = async () => {
    transport.close();
    await system.close();
  };
  return { ...system, transport, close };
}
