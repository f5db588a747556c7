// Installs the dependencies that the lock file names. node-pty has no binary for Linux: npm compiles it, which needs a
// compiler, make, Python, and Node's own headers.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './run.mjs';
import { ensure } from './system-packages.mjs';

const lockStamp = join(root, 'node_modules', '.installed-lock');

/** Exits with status 1 and one sentence that names what is missing when npm fails. */
export function installDependencies({ noInstall }) {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(lockStamp) && readFileSync(lockStamp, 'utf8') === lock) return;
  if (process.platform === 'linux') ensure({ needed: ['make', 'g++', 'python3'], noInstall });
  console.log('Installing dependencies with npm');
  const headers = findHeaders();
  const { status, stdout, stderr } = spawnSync(
    'npm',
    ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'],
    {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
      env: { ...process.env, ...(headers && { npm_config_nodedir: headers }) },
    },
  );
  if (status !== 0) {
    console.error(explain(`${stdout}${stderr}`, headers));
    process.exit(1);
  }
  writeFileSync(lockStamp, lock);
}

/**
 * The folder whose `include/node` has the headers of the running Node.js, so that node-gyp does not download them.
 * Undefined where there are none of this version.
 */
export function findHeaders(execPath = process.execPath, version = process.versions.node) {
  const prefix = dirname(dirname(execPath));
  try {
    const header = readFileSync(join(prefix, 'include', 'node', 'node_version.h'), 'utf8');
    const number = (name) => new RegExp(`#define NODE_${name}_VERSION (\\d+)`).exec(header)?.[1];
    return ['MAJOR', 'MINOR', 'PATCH'].map(number).join('.') === version ? prefix : undefined;
  } catch {
    return undefined;
  }
}

/** Why `npm ci` failed, in one sentence, as far as its output tells; else the end of that output. */
export function explain(output, headers) {
  if (!/gyp/.test(output)) return `npm could not install the dependencies:\n${tail(output)}`;
  const fails = 'node-pty could not be compiled';
  if (/find Python|Python is not set|python.*(not found|ENOENT)/i.test(output))
    return `${fails}: Python 3 is missing; install the package python3.`;
  if (/not found: make|spawn make ENOENT/.test(output)) return `${fails}: make is missing; install the package make.`;
  if (/(g\+\+|c\+\+|cc): (command )?not found|g\+\+: No such file/.test(output))
    return `${fails}: a C++ compiler is missing; install the package g++ (Fedora: gcc-c++).`;
  if (headers === undefined && /node-gyp\/lib\/install\.js|network connectivity/.test(output))
    return (
      `${fails}: the headers of Node.js ${process.versions.node} are not beside it and could not be downloaded; ` +
      'install the package with its headers (Debian: libnode-dev), or unpack Node.js from nodejs.org, which has them.'
    );
  return `${fails}:\n${tail(output)}`;
}

const tail = (text) => text.trim().split('\n').slice(-20).join('\n');
