// `npm run simulate`: see bench/simulate/main.ts.

import { join } from 'node:path';
import { prepare } from './prepare.mjs';
import { root, run } from './run.mjs';

const args = prepare({ built: false });
run(process.execPath, ['--import=tsx', join(root, 'bench', 'simulate', 'main.ts'), ...args]);
