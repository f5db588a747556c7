// `npm run setup`: everything that tests need, without running one.

import { prepare } from './prepare.mjs';

prepare({ needed: ['tmux', 'chromium'], useful: ['bwrap'] });
