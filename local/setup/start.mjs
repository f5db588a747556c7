// `npm start`: the whole system on this machine.

import { join } from 'node:path';
import { build, checkNode, installDependencies, root } from './prepare.mjs';
import { ensure, installIfPossible } from './system-packages.mjs';

checkNode();
ensure('tmux');
installIfPossible('bwrap');
installDependencies();
build();
await import(join(root, 'dist', 'local.mjs'));
