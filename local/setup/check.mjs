// `npm run check`: types and lint.

import { join } from 'node:path';
import { checkNode, installDependencies, root, run } from './prepare.mjs';

checkNode();
installDependencies();
const bin = (name) => join(root, 'node_modules', '.bin', name);
run(bin('tsc'), ['-p', '.']);
run(bin('tsc'), ['-p', 'frontend']);
run(bin('biome'), ['check', '--error-on-warnings', '.']);
