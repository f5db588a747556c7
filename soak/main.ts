// `npm run soak -- --minutes 10 --seed 7`: see soak.ts. On the stand-in, or on the real cluster that KUBECONFIG names.
// Its last line counts the invariants that held. `npm run soak -- --runs 100`: see runs/soak-runs.ts.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startClusterWorld } from './cluster-world.ts';
import { readOptions } from './options.ts';
import { clusterPace, localPace } from './pace.ts';
import { describeReport, soakRuns } from './runs/soak-runs.ts';
import { soak } from './soak.ts';
import { startLocalWorld } from './world.ts';

const options = (() => {
  try {
    return readOptions(process.argv.slice(2), Math.floor(Math.random() * 1e9));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(2);
  }
})();
// Leaves the cluster and this machine as they were.
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
const say = (text: string) => process.stdout.write(`${text}\n`);
const directory = mkdtempSync(join(tmpdir(), 'warmterm-soak-'));
try {
  if ('runs' in options) await soakCommandLine(options);
  else await soakPools(options);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
// Does not wait for visitors who are still trying.
process.exit();

async function soakCommandLine({ runs, seed }: { runs: number; seed: number }): Promise<void> {
  say(`${runs} runs of the command line on this machine, seed ${seed}`);
  const report = await soakRuns({ directory, runs, seed, say, signal: interrupted.signal });
  say(`\n${describeReport(report)}; ${report.orphans} orphans a minute after\n`);
  const proofs = [report.rightCodes === runs, report.equalHashes === runs, report.orphans === 0];
  finish(proofs.filter(Boolean).length, proofs.filter((holds) => !holds).length);
}

async function soakPools({ minutes, seed }: { minutes: number; seed: number }): Promise<void> {
  const { KUBECONFIG } = process.env;
  const world = await (KUBECONFIG ? startClusterWorld(KUBECONFIG, directory) : startLocalWorld(directory));
  say(`A soak of ${minutes} minutes on ${world.name}, seed ${seed}`);
  try {
    const { violations, text } = await soak({
      world,
      directory,
      seed,
      ms: minutes * 60_000,
      pace: KUBECONFIG ? clusterPace : localPace,
      say,
      signal: interrupted.signal,
    });
    const invariants = [
      '1',
      '2',
      '3',
      '4',
      '5',
      '6',
      '8',
      '10',
      '11',
      '12',
      'convergence',
      'idle',
      'order',
      'reachable',
    ];
    const broken = new Set(violations.map(({ invariant }) => invariant));
    say(`\n${text}\n`);
    finish(invariants.filter((each) => !broken.has(each)).length, broken.size);
  } finally {
    await world.close();
  }
}

function finish(passed: number, failed: number): void {
  say(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}
