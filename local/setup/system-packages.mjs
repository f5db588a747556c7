// Programs that npm cannot bring: found on PATH, installed by apt-get where this process may, else named exactly.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What each program is for, and the packages that hold it. */
const programs = {
  tmux: { debian: 'tmux', others: 'tmux', why: 'each terminal is a tmux session' },
  chromium: {
    debian: 'chromium',
    others: 'chromium',
    why: 'the tests open the page in a real browser',
    names: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    variable: 'CHROMIUM_PATH',
  },
  bwrap: {
    debian: 'bubblewrap',
    others: 'bubblewrap',
    why: 'terminals are kept apart from each other and from your files',
  },
  make: { debian: 'make', others: 'make', why: 'node-pty is compiled on installation' },
  'g++': { debian: 'g++', others: 'gcc-c++', why: 'node-pty is compiled on installation' },
  python3: { debian: 'python3', others: 'python3', why: 'node-pty is compiled on installation' },
};

/** The path of `program`, or undefined. */
export function find(program) {
  const { names = [program], variable } = programs[program];
  if (variable && process.env[variable]) return process.env[variable];
  for (const name of names) {
    for (const folder of (process.env.PATH ?? '').split(delimiter)) {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return join(folder, name);
      } catch {}
    }
  }
  return undefined;
}

/** Installs those of `wanted` that are missing, where this process may; elsewhere does nothing. */
export function installIfPossible(...wanted) {
  const missing = wanted.filter((program) => !find(program));
  const mayInstall = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
  if (missing.length === 0 || !mayInstall) return;
  const packages = missing.map((program) => programs[program].debian);
  console.log(`Installing ${packages.join(', ')} by apt-get`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = { env, stdio: ['ignore', 'ignore', 'inherit'] };
  spawnSync('apt-get', ['update', '-qq'], options);
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], options);
}

/** Sees to it that all of `wanted` are there. Exits with what to install where that is not possible. */
export function ensure(...wanted) {
  installIfPossible(...wanted);
  const still = wanted.filter((program) => !find(program));
  if (still.length === 0) return;
  console.error('These programs are needed, and not there:');
  for (const program of still) console.error(`  ${program}: ${programs[program].why}`);
  console.error(`Install them and try again:
  Debian, Ubuntu   sudo apt-get install ${still.map((program) => programs[program].debian).join(' ')}
  Fedora           sudo dnf install ${still.map((program) => programs[program].others).join(' ')}`);
  process.exit(1);
}
