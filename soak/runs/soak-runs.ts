// `npm run soak -- --runs N`: runs of the built client against the whole system on this machine, while their lines are cut and the
// manager and the webserver are killed. A connection may be lost, a run never: each has its own exit code and all of its output,
// and a minute later no terminal is left.

import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { createRandom, type Random } from '../../bench/simulate/random.ts';
import { claimAnnotations, labels } from '../../common/names.ts';
import { noAddressLimits } from '../../local/pool.ts';
import { type System, startSystem } from '../../local/system.ts';
import { createTransport } from '../../manager/kubernetes/transport.ts';
import { dist } from '../../test/helpers/built.ts';
import { createCli } from '../../test/helpers/cli.ts';
import { silent } from '../../test/helpers/manager.ts';
import { atMoments } from '../storm.ts';
import { type Outcome, runClient } from './client.ts';
import { startLine } from './line.ts';
import { type PlannedRun, planRun } from './plan.ts';

export type RunSoakOptions = {
  directory: string;
  runs: number;
  seed: number;
  say: (text: string) => void;
  /** Aborted to end it early. */
  signal: AbortSignal;
};

export type RunSoakReport = {
  runs: number;
  rightCodes: number;
  equalHashes: number;
  /** Terminals still claimed a minute after all should have ended. */
  orphans: number;
  cuts: number;
  kills: { manager: number; webserver: number; clients: number };
};

/** The number of clients at a time. One run in this many has a second client, which is killed. */
const [atATime, killedEvery] = [8, 20];
const [managerMs, webserverMs] = [10_000, 10_000];
/** A minute after the grace of the last killed client. */
const [graceMs, orphanMs] = [60_000, 60_000];
const settings = {
  ...{ spare: '6', max: '40', connectTimeout: '30s', runLinger: '30s', maxPerVisitor: 'none' },
  runGrace: `${graceMs}ms`,
  ...noAddressLimits,
};

export async function soakRuns({ directory, runs, seed, say, signal }: RunSoakOptions): Promise<RunSoakReport> {
  const random = createRandom(seed);
  const part = () => createRandom(Math.floor(random() * 2 ** 32));
  const system = await startSystem({
    ...{ directory, dist, log: silent, host: '127.0.0.1', port: 0 },
    pool: { replicas: 6, settings },
  });
  const kills = { manager: 0, webserver: 0, clients: 0 };
  const report: RunSoakReport = { runs: 0, rightCodes: 0, equalHashes: 0, orphans: 0, cuts: 0, kills };
  const calm = new AbortController();
  setMaxListeners(0, calm.signal, signal);
  const kill = (name: 'manager' | 'webserver', everyMs: number) =>
    atMoments(part(), everyMs, calm.signal, () => {
      kills[name] += 1;
      system[name].kill('SIGKILL');
    });
  const storm = [kill('manager', managerMs), kill('webserver', webserverMs)];
  try {
    let number = 0;
    const work = async () => {
      while (number < runs && !signal.aborted) {
        number += 1;
        // One random generator for each run, so that their order of ending changes nothing.
        const chance = createRandom(seed + number);
        const planned = planRun(number, chance);
        const outcome = await runOne(planned, chance);
        if (planned.number % killedEvery === 1) await killOne(chance);
        report.runs += 1;
        if (outcome.rightCode) report.rightCodes += 1;
        if (outcome.equalHashes) report.equalHashes += 1;
        if (outcome.wrong !== '') say(describeWrong(planned, outcome));
        if (report.runs % 50 === 0) say(describeReport(report));
      }
    };
    await Promise.all(Array.from({ length: Math.min(atATime, runs) }, work));
    calm.abort();
    await Promise.all(storm);
    say(`${describeReport(report)}; looking for orphans`);
    const orphans = await findOrphans(system);
    for (const orphan of orphans) say(`an orphan: ${orphan}`);
    report.orphans = orphans.length;
    return report;
  } finally {
    calm.abort();
    await system.close();
  }

  async function runOne(planned: PlannedRun, chance: Random): Promise<Outcome> {
    return withLine(planned.way, chance, (t, proxy) =>
      runClient(t, planned, { url: system.pageUrl, env: { HTTP_PROXY: proxy } }).catch((error: unknown) => ({
        ...{ rightCode: false, equalHashes: false, wrong: String(error) },
      })),
    );
  }

  /** Its client is killed during an attached run: the run has to end by itself. */
  async function killOne(chance: Random): Promise<void> {
    await withLine('direct', chance, async (t, proxy) => {
      const client = createCli(t, system.pageUrl).start(['run', '--', 'sh', '-c', 'echo up; sleep 1000'], {
        env: { HTTP_PROXY: proxy },
      });
      await client.until('up', 120_000).catch(() => {});
      kills.clients += 1;
      client.process.kill('SIGKILL');
    });
  }

  /** Gives `use` its own line, and cleans up afterwards. */
  async function withLine<T>(
    way: PlannedRun['way'],
    chance: Random,
    use: (t: { teardown: (end: () => unknown) => void }, proxy: string) => Promise<T>,
  ): Promise<T> {
    const ends: (() => unknown)[] = [];
    const t = { teardown: (end: () => unknown) => void ends.push(end) };
    const over = new AbortController();
    const page = Number(new URL(system.pageUrl).port);
    try {
      const proxy = await startLine(t, {
        random: chance,
        leadsTo: (port) => way === 'direct' || port === page,
        onCut: () => {
          report.cuts += 1;
        },
        signal: over.signal,
      });
      return await use(t, proxy);
    } finally {
      over.abort();
      for (const end of ends.reverse()) await end();
    }
  }
}

type ClaimedPod = { metadata: { name: string; annotations?: Record<string, string> } };

/** The terminals that are still claimed a minute after the last grace is over; none as soon as none is left. */
async function findOrphans(system: System): Promise<string[]> {
  process.env.KUBECONFIG = system.cluster.kubeconfig;
  const transport = createTransport({ namespace: system.cluster.namespace, deadlineMs: 10_000 });
  const selector = encodeURIComponent(`${labels.claimed}=true`);
  const path = `/api/v1/namespaces/${system.cluster.namespace}/pods?labelSelector=${selector}`;
  const deadline = performance.now() + graceMs + orphanMs;
  try {
    for (;;) {
      const { items } = await transport.request<{ items: ClaimedPod[] }>({ method: 'GET', path });
      if (items.length === 0 || performance.now() > deadline) return items.map(describeClaim);
      await delay(500);
    }
  } finally {
    transport.close();
  }
}

const describeClaim = ({ metadata: { name, annotations = {} } }: ClaimedPod): string =>
  `${name} of ${annotations[claimAnnotations.visitor]}, claimed at ${annotations[claimAnnotations.claimedAt]}`;

function describeWrong({ number, kind, way, options, command, expected }: PlannedRun, { wrong }: Outcome): string {
  return [
    `run ${number} (${kind}, ${way}) went wrong: warmterm run ${[...options, '--', ...command].map((word) => JSON.stringify(word)).join(' ')}`,
    `  expected ${expected.code}; got ${wrong}`,
  ].join('\n');
}

export function describeReport({ runs, rightCodes, equalHashes, cuts, kills }: RunSoakReport): string {
  return (
    `${runs} runs: ${rightCodes} right exit codes, ${equalHashes} equal hashes; ${cuts} cuts of a line; ` +
    `killed: ${kills.manager} managers, ${kills.webserver} webservers, ${kills.clients} clients`
  );
}
