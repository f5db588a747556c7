// Lets small test files share a process. ava starts a process for each file, which costs 0.3 s of the processor: more than most
// files need for their tests.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { bundleOf, outdir } from './build-tests.mjs';
import { root } from './run.mjs';
import { longer } from './select-tests.mjs';

// Files that start programs or threads keep a process of their own: they need much of the processor, and wait in real time.
const programs = /^(node:)?(child_process|worker_threads|cluster)$|^node-pty$|^playwright-core$/;
// A hook is for the tests of one file, tests that run one by one may not mean those of other files, and a file that waits before it
// declares its tests is too late for ava.
const ownProcess =
  /\btest\.(before|after|beforeEach|afterEach|serial)\b|\bprocess\.(env|chdir|on|once)\b|^(const .+ = )?await /m;
/** More would leave one process working at the end while the other processors have nothing to do. */
const most = 16;

/**
 * The groups of `files` that can share a process, those of one folder of test/ together: a name → its files. `sources` says for
 * each file of which files and packages it consists; `read` returns a file's text.
 */
export function groupTests(files, sources, read = (file) => readFileSync(join(root, file), 'utf8')) {
  const folders = new Map();
  for (const file of files.filter((file) => canShare(sources.get(file)) && !ownProcess.test(read(file)))) {
    const folder = file.split('/')[1];
    folders.set(folder, [...(folders.get(folder) ?? []), file]);
  }
  const groups = new Map();
  for (const [folder, members] of folders) {
    const count = Math.ceil(members.length / most);
    // Neighbours test like things, and take like times: they are dealt out.
    for (let i = 0; i < count; i++) {
      const group = members.filter((_, index) => index % count === i);
      if (group.length > 1) groups.set(`${folder}-${i + 1}`, group);
    }
  }
  return groups;
}

const canShare = (parts) => !parts.has(longer) && ![...parts].some((part) => programs.test(part));

/** Writes a bundle for each group. Returns the bundles to run: those of the groups, and of the files that are in none. */
export function bundleGroups(files, groups) {
  const grouped = new Set([...groups.values()].flat());
  const shared = [...groups].map(([name, members]) => {
    const bundle = groupBundle(name);
    const target = join(root, bundle);
    mkdirSync(dirname(target), { recursive: true });
    const imports = members.map((file) => `import '${relative(dirname(bundle), bundleOf(file))}';`);
    writeFileSync(
      target,
      [`import ${JSON.stringify(join(root, 'local/setup/share-process.mjs'))};`, ...imports, ''].join('\n'),
    );
    return bundle;
  });
  return [...shared, ...files.filter((file) => !grouped.has(file)).map(bundleOf)];
}

const groupBundle = (name) => `${outdir}/test/together/${name}.test.mjs`;
