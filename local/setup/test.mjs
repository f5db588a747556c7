// `npm test`: everything that a clone needs, the checks, the tests, and the counts on a line of their own.
// `npm run test:cluster`: the suites that need a real cluster, which KUBECONFIG names.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { build, checkNode, installDependencies, root, run } from './prepare.mjs';
import { ensure, find, installIfPossible } from './system-packages.mjs';

const cluster = process.argv.includes('--cluster');
if (cluster && !process.env.KUBECONFIG) {
  console.error('KUBECONFIG is not set: it must name the cluster to test against.');
  process.exit(1);
}
checkNode();
ensure('tmux', 'chromium');
installIfPossible('bwrap');
installDependencies();
build();
if (!cluster) run(process.execPath, [join(root, 'local', 'setup', 'check.mjs')]);

const env = { ...process.env, CHROMIUM_PATH: find('chromium'), ...(cluster && { WARMTERM_TEST: 'cluster' }) };
if (!cluster) delete env.KUBECONFIG;
const ava = spawn(
  join(root, 'node_modules', '.bin', 'ava'),
  process.argv.slice(2).filter((arg) => arg !== '--cluster'),
  {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
let passed = 0;
let end = '';
ava.stdout.setEncoding('utf8').on('data', (chunk) => {
  process.stdout.write(chunk);
  const lines = (end + chunk).split('\n');
  // A test that passed has a line of its own; ava's closing lines count them only when nothing failed.
  passed += lines.slice(0, -1).filter((line) => /^\s*✔ /.test(line)).length;
  end = lines.at(-1);
  counts.push(...lines.filter((line) => /^\s*\d+ /.test(line)));
});
const counts = [];
ava.on('close', (code) => {
  // Whatever made ava fail counts, also an uncaught exception or a test that never ended.
  const broken = /^\s*(\d+) (?:tests? failed|uncaught exceptions?|unhandled rejections?|tests? remained pending)/;
  const failed = counts.reduce((sum, line) => sum + Number(broken.exec(line)?.[1] ?? 0), 0);
  console.log(`\n${passed} passed, ${code === 0 ? failed : Math.max(failed, 1)} failed`);
  process.exitCode = code ?? 1;
});
