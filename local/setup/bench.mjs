// `npm run bench`: see test/bench/main.ts.

import { join } from 'node:path';
import { build, checkNode, installDependencies, root, run } from './prepare.mjs';
import { ensure, find, installIfPossible } from './system-packages.mjs';

checkNode();
ensure('tmux', 'chromium');
installIfPossible('bwrap');
installDependencies();
build();
const env = { ...process.env, CHROMIUM_PATH: find('chromium') };
run(process.execPath, ['--import=tsx', join(root, 'test', 'bench', 'main.ts'), ...process.argv.slice(2)], env);
