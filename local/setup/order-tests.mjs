// Which test files start first: those that take longest, so that none of them is left to run alone at the end.

// The first ones are long by themselves, and share no process with others.
const long = [
  'cluster/isolation',
  'cluster/disruptions',
  'e2e/administrators',
  'e2e/machine/proxies',
  'e2e/machine/managers',
  'e2e/waiting',
  'e2e/pool',
  'frontend/states',
  'frontend/page',
];
const order = [
  ...long,
  'together/e2e-programs',
  'together/frontend-programs',
  'manager/plan/properties',
  'bench/simulate',
  'e2e/',
  'frontend/',
  'terminal/',
  'local/',
  'together/helm-programs',
  'helm/',
];

const names = (file) => (path) => file.includes(`test/${path}`);

/** Whether a test file, or its bundle, takes long by itself. */
export const isLong = (file) => long.some(names(file));

/** Sorts bundles of test files, those that take longest first. */
export function compareFiles(a, b) {
  const rank = (file) => {
    const index = order.findIndex(names(file));
    return index < 0 ? order.length : index;
  };
  return rank(a) - rank(b) || (a < b ? -1 : 1);
}
