// Lets small test files share a process. ava starts a process for each file, which costs 0.3 s of the processor: more than most
// files need for their tests.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { bundleOf, outdir } from './build-tests.mjs';
import { isLong } from './order-tests.mjs';
import { root } from './run.mjs';
import { longer } from './select-tests.mjs';

// Files that start programs or threads keep a process of their own: they need much of the processor, and wait in real time.
const programs = /^(node:)?(child_process|worker_threads|cluster)$|^node-pty$|^playwright-core$/;
// A hook is for the tests of one file, a file that sets the environment sets it for all, and a file that waits before it declares its
// tests is too late for ava.
const ownProcess =
  /\btest\.(serial\.)?(before|after|beforeEach|afterEach)\b|\bprocess\.(chdir|on|once)\b|\bprocess\.env(\.\w+|\[[^\]]+\])? *=[^=]|\bdelete process\.env\b|^(const .+ = (\w+\()?)?await /m;
// Tests of the first kind are serial and those of the second are not: in a shared process all of them run one by one.
const serial = /\btest\.serial\b/;
const concurrent = /^\s*test\(/m;
/** The maximum of files in a group. With more, one process would run at the end while other processors are idle. */
const most = 16;
/**
 * In these folders, files share a process although they start programs, so many of them: those that run their tests one by one anyway
 * share a browser, and those of the chart share what helm has rendered.
 */
const mostWithPrograms = { e2e: 4, frontend: 4, helm: 9 };

/**
 * The groups of `files` that can share a process, those of one folder of test/ together: a name → its files. `sources` says for
 * each file of which files and packages it consists; `read` returns a file's text.
 */
export function groupTests(files, sources, read = (file) => readFileSync(join(root, file), 'utf8')) {
  const kinds = new Map();
  for (const file of files) {
    const kind = kindOf(file, sources.get(file), read(file));
    if (kind) kinds.set(kind.name, { ...kind, members: [...(kinds.get(kind.name)?.members ?? []), file] });
  }
  const groups = new Map();
  for (const { name, most, members } of kinds.values()) {
    const count = Math.ceil(members.length / most);
    // Neighbouring files take similar times, so distribute them over the groups.
    for (let i = 0; i < count; i++) {
      const group = members.filter((_, index) => index % count === i);
      if (group.length > 1) groups.set(`${name}-${i + 1}`, group);
    }
  }
  return groups;
}

function kindOf(file, parts, text) {
  const folder = file.split('/')[1];
  if (parts.has(longer) || ownProcess.test(text) || isLong(file)) return undefined;
  if (![...parts].some((part) => programs.test(part))) return serial.test(text) ? undefined : { name: folder, most };
  if (!(folder in mostWithPrograms) || (folder !== 'helm' && concurrent.test(text))) return undefined;
  return { name: `${folder}-programs`, most: mostWithPrograms[folder] };
}

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
