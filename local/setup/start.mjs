// `npm start`: the whole system on this machine.

import { join } from 'node:path';
import { prepare } from './prepare.mjs';
import { root } from './run.mjs';

prepare({ needed: ['tmux'], useful: ['bwrap', 'slirp4netns'] });
await import(join(root, 'dist', 'local.mjs'));
