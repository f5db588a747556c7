// Selects the test files of an `npm test` call.

import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { root } from './run.mjs';

/** A change of these may change any test. */
const global = ['package.json', 'package-lock.json', 'esbuild.config.mjs', 'ava.config.mjs', 'local/setup/'];
const services = ['common/', 'manager/', 'webserver/', 'terminal/', 'frontend/', 'local/'];
// Dependencies of tests without an import: programs that they start, files that they read. The key is a test file, a folder of them, or
// a helper that they import.
const unimported = {
  'test/helpers/system.ts': services,
  'test/e2e/machine/start.test.ts': services,
  'test/imports.test.ts': [...services, 'cli/', 'bench/', 'soak/', 'test/'],
  'test/helpers/built.ts': ['common/', 'frontend/', 'terminal/', 'webserver/'],
  'test/local/kubernetes/cluster.test.ts': ['common/', 'local/'],
  'test/helm/': ['helm/'],
  'test/helm/api-versions.test.ts': ['manager/', 'docs/install.md', 'README.md'],
  'test/terminal/before-exit.test.ts': ['helm/examples/'],
};
/** Test files that import this helper have a longer version, for `npm run test:long`. */
export const longer = 'test/helpers/long.ts';

/** All test files, as paths within the project; with `cluster`, those that can run on a real cluster. */
export function listTests({ cluster }) {
  const all = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts'))
    .map((path) => `test/${path}`)
    .sort();
  // The suites of one machine stop components that cannot be stopped on a real cluster.
  return all.filter((path) =>
    cluster ? /^test\/(cluster|e2e)\/[^/]+$/.test(path) : !path.startsWith('test/cluster/'),
  );
}

/** The files of `files` at or below `paths`. Throws if a path matches none. */
export function selectPaths(files, paths) {
  const wanted = paths.map((path) => relative(root, resolve(path)));
  for (const path of wanted) {
    if (!files.some((file) => isWithin(file, path))) throw new Error(`There is no test file at ${path}.`);
  }
  return files.filter((file) => wanted.some((path) => isWithin(file, path)));
}

/** Those of `sources` (a test file → the files that it consists of) which a change of the files in `changed` can affect. */
export function selectAffected(sources, changed) {
  if (changed.some((file) => startsWithAny(file, global))) return [...sources.keys()];
  return [...sources]
    .filter(([, parts]) => changed.some((file) => parts.has(file) || dependsUnimported(parts, file)))
    .map(([file]) => file);
}

/** Those of `sources` that have a longer version. */
export const selectLong = (sources) => [...sources].filter(([, parts]) => parts.has(longer)).map(([file]) => file);

/**
 * Those of `files` that ava's `complaints` name; none if one of the complaints names no file. ava names a file by its path below the
 * folder that all files of a run share, and leaves it out when it runs one file. Of `groups`, the files that share a process, a title
 * names the file, and a crash the group.
 */
export function selectFailed(files, complaints, groups = new Map()) {
  if (files.length === 1) return complaints.length > 0 ? files : [];
  const grouped = new Set([...groups.values()].flat());
  const shared = sharedFolder([
    ...[...groups.keys()].map((name) => `test/together/${name}`),
    ...files.filter((file) => !grouped.has(file)),
  ]);
  const isOf = (file) => {
    const path = file.slice(shared.length).replace(/\.test\.ts$/, '');
    const title = `: ${path.replaceAll('/', ' › ')} › `;
    return (line) => line.includes(title) || line.includes(`/${path}.test.mjs`) || line.includes(` ${path}.test.mjs`);
  };
  const named = complaints.map((line) => {
    const titled = files.filter((file) => grouped.has(file) && line.includes(` ${file} › `));
    if (titled.length > 0) return titled;
    const crashed = [...groups].find(([name]) => isOf(`test/together/${name}`)(line));
    return crashed?.[1] ?? files.filter((file) => !grouped.has(file) && isOf(file)(line)).slice(0, 1);
  });
  return named.some((found) => found.length === 0) ? [] : files.filter((file) => named.flat().includes(file));
}

function sharedFolder([first, ...others]) {
  let folder = first;
  do folder = folder.slice(0, folder.lastIndexOf('/', folder.length - 2) + 1);
  while (!others.every((file) => file.startsWith(folder)));
  return folder;
}

const isWithin = (file, path) => path === '' || file === path || file.startsWith(`${path}/`);
const startsWithAny = (file, prefixes) => prefixes.some((prefix) => file.startsWith(prefix));

const dependsUnimported = (parts, changed) =>
  Object.entries(unimported).some(
    ([user, used]) => startsWithAny(changed, used) && [...parts].some((part) => part.startsWith(user)),
  );

/** Files that differ from the merge base with `main`, including new ones. */
export function changedSinceMain() {
  const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\n').filter(Boolean);
  const [main = 'origin/main'] = git('branch', '--list', '--format=%(refname:short)', 'main');
  const [base] = git('merge-base', main, 'HEAD');
  return [...git('diff', '--name-only', base), ...git('ls-files', '--others', '--exclude-standard')];
}
