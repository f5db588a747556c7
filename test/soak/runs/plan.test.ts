import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createRandom } from '../../../bench/simulate/random.ts';
import { kinds, type PlannedRun, planRun, sha256 } from '../../../soak/runs/plan.ts';

const plans = Array.from({ length: 200 }, (_, index) => planRun(index, createRandom(index)));

test('plan: depends on the seed only, and has every kind', (t) => {
  t.deepEqual(planRun(7, createRandom(7)), plans[7]!);
  t.deepEqual([...new Set(plans.map(({ kind }) => kind))].sort(), [...kinds].sort());
  t.deepEqual([...new Set(plans.map(({ way }) => way))].sort(), ['direct', 'relay']);
});

/** The command as this machine runs it. Its output goes to files, because /dev/stderr cannot be opened if it is a socket. */
async function runHere(t: ExecutionContext, { command: [program, ...args], input }: PlannedRun) {
  const folder = mkdtempSync(join(tmpdir(), 'warmterm-plan-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const files = ['stdout', 'stderr'].map((name) => join(folder, name));
  const [stdout, stderr] = files.map((file) => openSync(file, 'a'));
  const child = spawn(program!, args, { stdio: ['pipe', stdout, stderr] });
  child.stdin!.on('error', () => {});
  child.stdin!.end(Buffer.concat(input?.pieces ?? []));
  const [code, signal] = await once(child, 'exit');
  for (const fd of [stdout, stderr]) closeSync(fd!);
  const [printed, complained] = files.map((file) => sha256(readFileSync(file)));
  return { code: code ?? 128 + constants.signals[signal as NodeJS.Signals], stdout: printed, stderr: complained };
}

for (const kind of ['short', 'long', 'piped', 'printed', 'ended'] as const) {
  test(`plan: runs of the kind "${kind}" succeed without faults`, async (t) => {
    const run = plans.find((plan) => plan.kind === kind && plan.options.length === 0)!;
    t.deepEqual(await runHere(t, run), run.expected);
  });
}
