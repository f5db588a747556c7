// `npm test` bundles the test files into dist-tests/ and names the bundles to run: see local/setup/test.mjs.

const cluster = process.env.WARMTERM_TEST === 'cluster';
const long = process.env.WARMTERM_TEST_LONG === '1';

// The files that take longest start first, so that none of them is left to run alone at the end: those named, then these
// folders in this order.
const order = [
  'cluster/isolation',
  'cluster/disruptions',
  'e2e/administrators',
  'e2e/machine/proxies',
  'e2e/machine/managers',
  'e2e/waiting',
  'e2e/pool',
  'frontend/states',
  'frontend/page',
  'manager/plan/properties',
  'bench/simulate',
  'e2e/',
  'frontend/',
  'terminal/',
  'local/',
  'helm/',
].map((path) => `/test/${path}`);

const rank = (file) => {
  const index = order.findIndex((path) => file.includes(path));
  return index < 0 ? order.length : index;
};

export default {
  files: ['dist-tests/*/test/**/*.test.mjs'],
  sortTestFiles: (a, b) => rank(a) - rank(b) || (a < b ? -1 : 1),
  nodeArguments: ['--enable-source-maps'],
  // Processes, not threads: tests start, signal and kill real ones.
  workerThreads: false,
  // Many tests wait for processes and timers: four files at a time keep two cores busy. A real cluster needs a core for itself,
  // and long proofs do not wait.
  concurrency: cluster || long ? 2 : 4,
  // Without a result for so long, a test hangs.
  timeout: long ? '90m' : cluster ? '8m' : '2m',
};
