// `npm run bench`: measures what the product promises, on this machine. `--json` prints JSON instead of a table;
// a word such as `claims` or `terminals` runs only that part. The parts other than these two run only by name; `rush`,
// `cluster` and `class` need KUBECONFIG, and `seat` and `run` use it if it is set. Machines are noisy: compare within one run.

import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { benchClaims } from './claims.ts';
import { benchClass } from './class.ts';
import { benchCluster } from './cluster.ts';
import { benchFlood } from './flood.ts';
import { benchManagers } from './managers.ts';
import { benchRun } from './run.ts';
import { benchRush } from './rush.ts';
import { benchScale } from './scale.ts';
import { benchSeat } from './seat/seat.ts';
import type { Measure } from './statistics.ts';
import { benchDistance } from './terminal/distance.ts';
import { benchPage } from './terminal/page.ts';
import { benchTerminal } from './terminal/terminal.ts';
import { benchTerminals } from './terminals.ts';

const parts: Record<string, (directory: string) => Promise<Measure[]>> = {
  terminals: (directory) => benchTerminals(directory),
  claims: (directory) => benchClaims(directory, [10, 100, 1_000]),
  flood: (directory) => benchFlood(directory),
  managers: (directory) => benchManagers(directory),
  scale: (directory) => benchScale(directory),
  rush: (directory) => benchRush(directory),
  terminal: (directory) => benchTerminal(directory),
  distance: (directory) => benchDistance(directory),
  page: (directory) => benchPage(directory),
  cluster: () => benchCluster(),
  class: () => benchClass(),
  seat: (directory) => benchSeat(directory),
  run: (directory) => benchRun(directory),
};
const always = ['terminals', 'claims'];

const words = process.argv.slice(2);
const json = words.includes('--json');
const wanted = words.filter((word) => word !== '--json');
const unknown = wanted.filter((word) => !(word in parts));
if (unknown.length > 0) {
  process.stderr.write(`There is no bench named ${unknown.join(', ')}: ${Object.keys(parts).join(', ')}, --json\n`);
  process.exit(2);
}

const machine = {
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  node: process.version,
  at: new Date().toISOString(),
};
const directory = mkdtempSync(join(tmpdir(), 'warmterm-bench-'));
const measures: Measure[] = [];
try {
  for (const [name, run] of Object.entries(parts)) {
    if ((wanted.length === 0 ? always : wanted).includes(name)) measures.push(...(await run(join(directory, name))));
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}

if (json) process.stdout.write(`${JSON.stringify({ machine, measures }, undefined, 2)}\n`);
else {
  process.stdout.write(`${machine.cores} × ${machine.cpu}, Node ${machine.node}, ${machine.at}\n\n`);
  for (const { name, value, unit } of measures)
    process.stdout.write(`${name.padEnd(58)} ${String(value).padStart(8)} ${unit}\n`);
}
