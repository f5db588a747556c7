// `npm test`: set-up, checks, tests, and the counts on a line of their own. `npm test -- test/manager` runs the tests of a file
// or folder, `npm test -- --changed` those that a change since `main` can affect, `npm test -- --failed` the files in which a test
// failed in the last run; all of these leave the checks out.
// `npm run test:long` runs the tests that have a longer version, for as long as that takes.
// `npm run test:cluster` runs the suites for a real cluster, which KUBECONFIG names.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { prepare } from './prepare.mjs';
import { root, run } from './run.mjs';
import { runAva } from './run-ava.mjs';
import { changedSinceMain, listTests, selectAffected, selectFailed, selectLong, selectPaths } from './select-tests.mjs';
import { find } from './system-packages.mjs';

const lastFailed = join(root, 'dist-tests', process.env.WARMTERM_TEST_FAILED ?? 'failed.json');
const args = prepare({ needed: ['tmux', 'chromium'], useful: ['bwrap', 'slirp4netns'] });
const take = (flag) => {
  const at = args.indexOf(flag);
  if (at >= 0) args.splice(at, 1);
  return at >= 0;
};
const [cluster, long, changed, again] = ['--cluster', '--long', '--changed', '--failed'].map(take);
if (!again) rmSync(lastFailed, { force: true });
const flags = args.filter((arg) => arg.startsWith('-'));
const paths = args.filter((arg) => !arg.startsWith('-'));
if (cluster && !process.env.KUBECONFIG) fail('KUBECONFIG is not set: it must name the cluster to test against.');
if (!cluster && !long && !changed && !again && paths.length === 0)
  run(process.execPath, [join(root, 'local/setup/check.mjs')]);

// Imported late, because esbuild is a dependency that may have just been installed.
const { buildTests } = await import('./build-tests.mjs');
const { bundleGroups, groupTests } = await import('./group-tests.mjs');
const sources = await buildTests(listTests({ cluster }));
let files = changed ? selectAffected(sources, changedSinceMain()) : long ? selectLong(sources) : [...sources.keys()];
try {
  if (again) files = selectPaths(files, readFailed());
  if (paths.length > 0) files = selectPaths(files, paths);
} catch (error) {
  fail(error.message);
}
if (files.length === 0) {
  console.log(
    `${again ? 'No test failed in the last run' : 'No test file depends on what has changed'}.\n\n0 passed, 0 failed`,
  );
  process.exit();
}

// Exit on signals too, so that bundles are removed after Ctrl-C.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
const env = { ...process.env, CHROMIUM_PATH: find('chromium') };
if (cluster) env.WARMTERM_TEST = 'cluster';
else delete env.KUBECONFIG;
if (long) env.WARMTERM_TEST_LONG = '1';
const groups = groupTests(files, sources);
const { passed, failed, skipped, complaints } = await runAva([...flags, ...bundleGroups(files, groups)], env);
writeFailed(selectFailed(files, complaints, groups));
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 ? 1 : 0;

function readFailed() {
  try {
    return JSON.parse(readFileSync(lastFailed, 'utf8'));
  } catch {
    return [];
  }
}

function writeFailed(failed) {
  if (failed.length === 0) return;
  mkdirSync(dirname(lastFailed), { recursive: true });
  writeFileSync(lastFailed, JSON.stringify(failed));
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
