// `npm run soak`: see soak/main.ts.

import { join } from 'node:path';
import { prepare } from './prepare.mjs';
import { root, run } from './run.mjs';

const args = prepare();
run(process.execPath, ['--import=tsx', join(root, 'soak', 'main.ts'), ...args]);
