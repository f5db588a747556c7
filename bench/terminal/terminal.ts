// `npm run bench -- terminal`: a terminal compared to its peers, with the same tmux and shell. All of them run at once
// and take turns, so that other load on the machine affects all equally: trust the ratios.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Measure, measure, median, quantile } from '../statistics.ts';
import { floods, writeFloods } from './floods.ts';
import { findPeers, type Peer, type Running } from './peers.ts';
import { peakMB, pssMB, pssOfAllMB } from './proc.ts';
import { echo, echoBesideFlood, interrupt, throughput } from './rounds.ts';
import { type Watcher, watch } from './watcher.ts';

const size = { cols: 200, rows: 50 };
const rounds = 5;
// Terminals of one node share the pages of their programs.
const neighbours = 10;

type Contestant = Running & { name: string; terminal: Watcher; samples: Map<string, number[]> };

export async function benchTerminal(directory: string): Promise<Measure[]> {
  mkdirSync(directory, { recursive: true });
  const { peers, absent } = findPeers();
  for (const name of absent) process.stderr.write(`${name} is not installed here: nothing is compared with it\n`);
  const starts = await timeStarts(peers, directory);
  const contestants: Contestant[] = [];
  try {
    for (const peer of peers) contestants.push(await enter(peer, join(directory, peer.name)));
    for (const [at, peer] of peers.entries()) {
      const memory = await weigh(peer, join(directory, `${peer.name}-neighbours`));
      for (const { server, all } of memory) {
        add(contestants[at]!.samples, `memory of the server alone, one of ${neighbours}, idle PSS, MB`, server);
        add(
          contestants[at]!.samples,
          `memory of server, tmux, client and shell, one of ${neighbours}, idle PSS, MB`,
          all,
        );
      }
    }
    const files = writeFloods(directory);
    for (let round = 0; round < rounds; round++) {
      // Each goes first in its turn.
      const order = contestants.map((_, at) => contestants[(at + round) % contestants.length]!);
      for (const contestant of order) await play(contestant, files);
    }
    for (const { samples, pid } of contestants) add(samples, 'memory of the server, peak RSS, MB', peakMB(pid));
    return report(contestants, starts);
  } finally {
    for (const { terminal, stop } of contestants) {
      terminal.close();
      await stop();
    }
  }
}

async function enter(peer: Peer, directory: string): Promise<Contestant> {
  const running = await peer.start(directory);
  const terminal = watch(await running.connect(size));
  await terminal.sees('ready>');
  return { ...running, name: peer.name, terminal, samples: new Map() };
}

/** Memory in MB of each of several terminals with an idle browser. */
async function weigh(peer: Peer, directory: string): Promise<{ server: number; all: number }[]> {
  const at = (index: number) => join(directory, String(index));
  const running: Running[] = [];
  const terminals: Watcher[] = [];
  try {
    for (let index = 0; index < neighbours; index++) {
      const one = await peer.start(at(index));
      running.push(one);
      const terminal = watch(await one.connect(size));
      terminals.push(terminal);
      await terminal.sees('ready>');
    }
    return running.map(({ pid }, index) => ({ server: pssMB(pid), all: pssOfAllMB(at(index)) }));
  } finally {
    for (const terminal of terminals) terminal.close();
    for (const { stop } of running) await stop();
  }
}

async function play({ terminal, pid, samples, connect }: Contestant, files: ReturnType<typeof writeFloods>) {
  for (const flood of floods) {
    const { mbPerSecond, cpuPer100MB } = await throughput(terminal, pid, flood, files[flood]);
    add(samples, `throughput, ${flood}, MB/s`, mbPerSecond);
    add(samples, `CPU of the server for 100 MB, ${flood}, s`, cpuPer100MB);
  }
  add(samples, 'echo of a key, ms', ...(await echo(terminal)));
  add(samples, 'echo of a key beside a flood, ms', ...(await echoBesideFlood(terminal)));
  add(samples, 'Ctrl-C → prompt during yes, ms', await interrupt(terminal, 'yes'));
  add(
    samples,
    'Ctrl-C → prompt during cat of a large file, ms',
    await interrupt(terminal, `cat ${files.plain} ${files.plain} ${files.plain} ${files.plain}`),
  );
  const startedAt = performance.now();
  const second = watch(await connect(size));
  await second.sees('ready>');
  add(samples, 'connection → first prompt, ms', performance.now() - startedAt);
  second.close();
}

async function timeStarts(peers: Peer[], directory: string): Promise<Map<string, number[]>> {
  const times = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    for (const peer of peers) {
      const running = await peer.start(join(directory, `${peer.name}-${round}`));
      add(times, peer.name, running.readyMs);
      await running.stop();
    }
  }
  return times;
}

function add(samples: Map<string, number[]>, name: string, ...values: number[]): void {
  samples.set(name, [...(samples.get(name) ?? []), ...values]);
}

/** Each measure of each contestant, and ours as a multiple of the others'. */
function report(contestants: Contestant[], starts: Map<string, number[]>): Measure[] {
  for (const { name, samples } of contestants) add(samples, 'start → ready, ms', ...(starts.get(name) ?? []));
  const [ours, ...others] = contestants;
  return [...(ours?.samples.keys() ?? [])].flatMap((name) =>
    (name.startsWith('echo')
      ? ([
          ['p50', 0.5],
          ['p99', 0.99],
        ] as const)
      : ([['', 0.5]] as const)
    ).flatMap(([label, q]) => {
      const value = ({ samples }: Contestant) =>
        label === '' ? median(samples.get(name) ?? []) : quantile(samples.get(name) ?? [], q);
      const [what, unit] = [name.slice(0, name.lastIndexOf(',')), name.slice(name.lastIndexOf(',') + 2)];
      const title = label === '' ? what : `${what}, ${label}`;
      return [
        ...contestants.map((contestant) => measure(`${title}: ${contestant.name}`, value(contestant), unit)),
        ...others.map((other) => measure(`${title}: × ${other.name}`, value(ours!) / value(other), '')),
      ];
    }),
  );
}
