// `npm run soak`: see test/soak/main.ts.

import { join } from 'node:path';
import { build, checkNode, installDependencies, root, run } from './prepare.mjs';

checkNode();
installDependencies();
build();
run(process.execPath, ['--import=tsx', join(root, 'test', 'soak', 'main.ts'), ...process.argv.slice(2)]);
