// `npm start`: the whole system on this machine.

import { join } from 'node:path';
import { prepare } from './prepare.mjs';
import { root } from './run.mjs';
import { findUnusable } from './settings.mjs';

const problem = findUnusable(process.env);
if (problem !== undefined) {
  console.error(problem);
  process.exit(1);
}

prepare({ needed: ['tmux'], useful: ['bwrap', 'slirp4netns'] });
await import(join(root, 'dist', 'local.mjs'));
