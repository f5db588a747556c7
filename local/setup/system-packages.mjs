// Programs that npm cannot install. Each is looked up on PATH; a missing one is installed with apt-get where this process may
// do that, after saying what and why. Elsewhere, and with `--no-install`, the output names what to install.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const compiles = 'npm compiles node-pty, which opens the terminals';
/** What each program is for, and the packages that contain it. */
const programs = {
  tmux: { debian: 'tmux', others: 'tmux', why: 'each terminal is a tmux session' },
  // The headless shell has the same engine and takes half of the processor time in tests.
  chromium: {
    debian: 'chromium-headless-shell',
    others: 'chromium',
    why: 'the tests open the page in a real browser (CHROMIUM_PATH may name another Chromium or Chrome)',
    names: ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    variable: 'CHROMIUM_PATH',
  },
  bwrap: {
    debian: 'bubblewrap',
    others: 'bubblewrap',
    why: 'it isolates terminals from each other and from your files',
  },
  slirp4netns: {
    debian: 'slirp4netns',
    others: 'slirp4netns',
    why: 'it gives terminals the public internet without your machine and its network',
  },
  make: { debian: 'make', others: 'make', why: compiles },
  'g++': { debian: 'g++', others: 'gcc-c++', why: compiles },
  python3: { debian: 'python3', others: 'python3', why: compiles },
};

/** Removes `--no-install` from `args`, and WARMTERM_NO_INSTALL from `env`; true if one of them was there, the latter as 1. */
export function takeNoInstall(args, env = process.env) {
  const at = args.indexOf('--no-install');
  if (at >= 0) args.splice(at, 1);
  const { WARMTERM_NO_INSTALL: set } = env;
  // The services refuse unknown settings.
  delete env.WARMTERM_NO_INSTALL;
  return at >= 0 || set === '1';
}

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

/**
 * Sees that the programs in `needed` and `useful` are there, and installs missing ones where that is possible. Exits with
 * status 1 and the list of packages when a needed program is still missing; a useful one is only reported.
 */
export function ensure({ needed = [], useful = [], noInstall }) {
  const missing = () => [...needed, ...useful].filter((program) => !find(program));
  const mayInstall = !noInstall && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
  if (mayInstall && missing().length > 0) install(missing());
  const still = missing();
  if (still.length === 0) return;
  const fatal = needed.some((program) => still.includes(program));
  console.error(fatal ? 'These programs are missing:' : 'These optional programs are missing:');
  console.error(`${reasons(still)}
${fatal ? 'Install them and try again' : 'To install them'}:
  Debian, Ubuntu   sudo apt-get install ${still.map((program) => programs[program].debian).join(' ')}
  Fedora           sudo dnf install ${still.map((program) => programs[program].others).join(' ')}`);
  if (fatal) process.exit(1);
}

const reasons = (wanted) => wanted.map((program) => `  ${program}: ${programs[program].why}`).join('\n');

function install(wanted) {
  const packages = wanted.map((program) => programs[program].debian);
  console.log(`Installing with apt-get: ${packages.join(', ')} (--no-install prevents this)\n${reasons(wanted)}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = { env, stdio: ['ignore', 'ignore', 'inherit'] };
  spawnSync('apt-get', ['update', '-qq'], options);
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], options);
}
