// Prepares a fresh clone to run: a Node.js that is recent enough, the dependencies of the lock file, and a build of the
// present sources. Each step costs milliseconds when there is nothing to do.

import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installDependencies } from './dependencies.mjs';
import { root, run } from './run.mjs';
import { ensure, takeNoInstall } from './system-packages.mjs';

const buildStamp = join(root, 'dist', '.built');
const builtFrom = [
  'cli',
  'common',
  'frontend',
  'local',
  'manager',
  'terminal',
  'webserver',
  'esbuild.config.mjs',
  'package-lock.json',
];

/**
 * Does all of it, or exits with what is missing. `needed` and `useful` are programs that npm cannot install. Returns the
 * arguments of the command line that are left for the script.
 */
export function prepare({ needed = [], useful = [], built = true } = {}) {
  const args = process.argv.slice(2);
  const noInstall = takeNoInstall(args);
  checkNode();
  ensure({ needed, useful, noInstall });
  installDependencies({ noInstall });
  if (built) build();
  return args;
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(`Node.js 20.19 or later is needed; this is ${process.versions.node}.`);
  process.exit(1);
}

function build() {
  if (existsSync(buildStamp) && newest(builtFrom.map((path) => join(root, path))) < statSync(buildStamp).mtimeMs)
    return;
  console.log('Building');
  run(process.execPath, [join(root, 'esbuild.config.mjs')]);
  writeFileSync(buildStamp, '');
}

/** The latest change of any file under `paths`, in milliseconds since 1970. */
function newest(paths) {
  return Math.max(
    0,
    ...paths.map((path) => {
      const stat = statSync(path);
      return stat.isDirectory() ? newest(readdirSync(path).map((name) => join(path, name))) : stat.mtimeMs;
    }),
  );
}
