// `npm run check`: types and lint.

import { prepare } from './prepare.mjs';
import { bin, run } from './run.mjs';

prepare({ built: false });
run(bin('tsc'), ['-p', '.']);
run(bin('tsc'), ['-p', 'frontend']);
run(bin('biome'), ['check', '--error-on-warnings', '.']);
