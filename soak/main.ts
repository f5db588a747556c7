// `npm run soak -- --minutes 10 --seed 7`: see soak.ts. On the stand-in, or on the real cluster that KUBECONFIG names.
// Its last line counts the invariants that held.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startClusterWorld } from './cluster-world.ts';
import { readOptions } from './options.ts';
import { clusterPace, localPace } from './pace.ts';
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
// A cluster, and this machine, are left as they were found.
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
const say = (text: string) => process.stdout.write(`${text}\n`);
const directory = mkdtempSync(join(tmpdir(), 'warmterm-soak-'));
const { KUBECONFIG } = process.env;
const world = await (KUBECONFIG ? startClusterWorld(KUBECONFIG, directory) : startLocalWorld(directory));
say(`A soak of ${options.minutes} minutes on ${world.name}, seed ${options.seed}`);
try {
  const { violations, text } = await soak({
    world,
    directory,
    seed: options.seed,
    ms: options.minutes * 60_000,
    pace: KUBECONFIG ? clusterPace : localPace,
    say,
    signal: interrupted.signal,
  });
  const invariants = ['1', '2', '3', '4', '5', '6', '8', '10', '11', '12', 'convergence', 'idle', 'order', 'reachable'];
  const broken = new Set(violations.map(({ invariant }) => invariant));
  say(`\n${text}\n`);
  say(`${invariants.filter((each) => !broken.has(each)).length} passed, ${broken.size} failed`);
  process.exitCode = broken.size > 0 ? 1 : 0;
} finally {
  await world.close();
  rmSync(directory, { recursive: true, force: true });
}
// Visitors who are still trying are not waited for.
process.exit();
