// `npm run setup`: installs and builds everything that tests need, without running them.

import { prepare } from './prepare.mjs';

prepare({ needed: ['tmux', 'chromium'], useful: ['bwrap'] });
