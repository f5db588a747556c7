// Suites under test/cluster/ need a real cluster (npm run test:cluster); all others need only this machine. The end-to-end
// suites run on both, except for those that stop what a real cluster would not let them stop.

const cluster = process.env.WARMTERM_TEST === 'cluster';

export default {
  files: cluster ? ['test/cluster/**/*.test.ts', 'test/e2e/*.test.ts'] : ['test/**/*.test.ts', '!test/cluster/**'],
  extensions: { ts: 'module' },
  nodeArguments: ['--import=tsx'],
  // Processes, not threads: tests start, signal and kill real ones.
  workerThreads: false,
  concurrency: cluster ? 1 : 2,
  timeout: cluster ? '5m' : '2m',
};
