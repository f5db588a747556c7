// `npm run simulate`: see test/bench/simulate/main.ts.

import { join } from 'node:path';
import { checkNode, installDependencies, root, run } from './prepare.mjs';

checkNode();
installDependencies();
run(process.execPath, ['--import=tsx', join(root, 'test', 'bench', 'simulate', 'main.ts'), ...process.argv.slice(2)]);
