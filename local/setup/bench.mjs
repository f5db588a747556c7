// `npm run bench`: see bench/main.ts.

import { join } from 'node:path';
import { prepare } from './prepare.mjs';
import { root, run } from './run.mjs';
import { find } from './system-packages.mjs';

const args = prepare({ needed: ['tmux', 'chromium'], useful: ['bwrap'] });
const env = { ...process.env, CHROMIUM_PATH: find('chromium') };
run(process.execPath, ['--import=tsx', join(root, 'bench', 'main.ts'), ...args], env);
