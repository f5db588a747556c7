// Brings a fresh clone to where it can run: dependencies as the lock file says, and a build of what the sources are now.
// Each step looks first, and costs milliseconds when there is nothing to do.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensure } from './system-packages.mjs';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const lockStamp = join(root, 'node_modules', '.installed-lock');
const buildStamp = join(root, 'dist', '.built');
const builtFrom = [
  'common',
  'frontend',
  'local',
  'manager',
  'terminal',
  'webserver',
  'esbuild.config.mjs',
  'package-lock.json',
];

/** Runs a command in the project's folder with its output shown; exits when it fails. */
export function run(command, args, env = process.env) {
  const { status, signal, error } = spawnSync(command, args, {
    cwd: root,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (error) throw error;
  if (signal) process.kill(process.pid, signal);
  if (status !== 0) process.exit(status ?? 1);
}

export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(`Node.js 20.19 or later is needed; this is ${process.versions.node}.`);
  process.exit(1);
}

export function installDependencies() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(lockStamp) && readFileSync(lockStamp, 'utf8') === lock) return;
  if (process.platform === 'linux') ensure('make', 'g++', 'python3');
  console.log('Installing dependencies');
  run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(lockStamp, lock);
}

export function build() {
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
