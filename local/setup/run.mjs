// The project's folder, and a function that runs commands in it.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The path of a program from a dependency. */
export const bin = (name) => join(root, 'node_modules', '.bin', name);

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
