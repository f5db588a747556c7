// Bundles the test files into a folder in dist-tests/. ava starts a process for each test file, and a process with a bundle starts in half
// the time of one that transforms each imported file. The bundler also reports which file imports which.

import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { root } from './run.mjs';

// One folder per run, so that several can run at once.
export const outdir = `dist-tests/${process.pid}`;

/** The path of a test file's bundle; both are relative to the project. */
export const bundleOf = (file) => `${outdir}/${file.replace(/\.ts$/, '.mjs')}`;

/**
 * Bundles `files`, paths within the project; the bundles are removed when this process exits. Returns, for each file, the set
 * of source files that it consists of, and of the packages that those import.
 */
export async function buildTests(files) {
  process.once('exit', () => rmSync(join(root, outdir), { recursive: true, force: true }));
  await bundleClient();
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: files,
    outdir,
    outbase: '.',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    packages: 'external',
    sourcemap: 'linked',
    sourcesContent: false,
    metafile: true,
    logLevel: 'warning',
    define: { 'import.meta.url': 'ownUrl' },
    plugins: [ownUrls, bundledClient, namedTests],
  });
  return new Map(files.map((file) => [file, reach(metafile.inputs, file)]));
}

// Keeps the `import.meta.url` of each source: otherwise it would be the bundle's.
const ownUrls = {
  name: 'own-urls',
  setup({ onLoad }) {
    onLoad({ filter: /\.(ts|mjs)$/, namespace: 'file' }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const loader = path.endsWith('.ts') ? 'ts' : 'js';
      if (!source.includes('import.meta.url')) return { contents: source, loader };
      return { contents: `const ownUrl = ${JSON.stringify(pathToFileURL(path).href)}; ${source}`, loader };
    });
  },
};

// If files share a process (see group-tests.mjs), prefix each title with its file.
const namedTests = {
  name: 'named-tests',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^ava$/ }, ({ importer, namespace }) =>
      namespace === 'named-tests' || !importer.endsWith('.test.ts')
        ? { path: 'ava', external: true }
        : { path: relative(root, importer), namespace: 'named-tests' },
    );
    onLoad({ filter: /./, namespace: 'named-tests' }, ({ path }) => ({
      contents: `
        import test from 'ava';
        import { nameTests } from ${JSON.stringify(join(root, 'local/setup/name-tests.mjs'))};
        export default nameTests(test, ${JSON.stringify(path)});`,
      resolveDir: root,
    }));
  },
};

// The Kubernetes client has about 700 files. Loading them takes 0.6 s of processor time, or 0.2 s as one file.
const client = join(root, outdir, 'client-node.mjs');
const bundledClient = {
  name: 'bundled-client',
  setup({ onResolve }) {
    onResolve({ filter: /^@kubernetes\/client-node$/ }, () => ({ path: client, external: true }));
  },
};

async function bundleClient() {
  await build({
    absWorkingDir: root,
    entryPoints: ['@kubernetes/client-node'],
    outfile: client,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    // Its dependencies are CommonJS modules, which call `require`.
    banner: { js: `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);` },
    logLevel: 'error',
  });
}

function reach(inputs, file, found = new Set()) {
  if (found.has(file) || !inputs[file]) return found;
  found.add(file);
  for (const { path, external } of inputs[file].imports) {
    if (external) found.add(path);
    else reach(inputs, path, found);
  }
  return found;
}
