// `npm test` bundles the test files into dist-tests/ and names the bundles to run: see local/setup/test.mjs.

import { compareFiles } from './local/setup/order-tests.mjs';

const cluster = process.env.WARMTERM_TEST === 'cluster';
const long = process.env.WARMTERM_TEST_LONG === '1';

export default {
  files: ['dist-tests/*/test/**/*.test.mjs'],
  sortTestFiles: compareFiles,
  nodeArguments: ['--enable-source-maps'],
  // Processes, not threads: tests start, signal and kill real ones.
  workerThreads: false,
  // Many tests wait for processes and timers: four files at a time keep two cores busy. A real cluster needs a core for itself,
  // and long proofs do not wait.
  concurrency: cluster || long ? 2 : 4,
  // Without a result for so long, a test hangs.
  timeout: long ? '90m' : cluster ? '8m' : '2m',
};
