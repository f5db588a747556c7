// Builds the page: hashed names, minified, split where a part can come later, each file also as brotli and gzip.

import { readFileSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { build } from 'esbuild';
import { patchedXterm } from './build/patched-xterm.mjs';

const pictures = [
  'favicon.svg',
  ...['wait', 'warning', 'bell', 'off'].map((name) => `favicon-${name}.svg`),
  ...['icon-192', 'icon-512', 'maskable-512', 'apple-touch-icon'].map((name) => `icons/${name}.png`),
];
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const here = fileURLToPath(new URL('.', import.meta.url));

/** Writes the page to `outdir`, which is emptied first. Resolves to the files it wrote, with their sizes. */
export async function buildFrontend({ outdir, minify = true }) {
  // The claim is a file of its own that main imports by its hashed name; the host's page shares nothing with either.
  const claim = await bundle(outdir, minify, ['claim.ts']);
  const claimName = basename(claim.outputFiles[0].path);
  const built = [
    claim,
    await bundle(outdir, minify, ['first-look.ts'], [], { format: 'iife', splitting: false }),
    await bundle(outdir, minify, ['reload.ts'], [], { format: 'iife', splitting: false, outdir, entryNames: '[name]' }),
    await bundle(
      outdir,
      minify,
      ['main.ts', 'style.css', ...pictures],
      [patchedXterm, external('./claim.ts', claimName)],
    ),
    await bundle(outdir, minify, ['host/host.ts', 'host/host.css']),
  ];
  const names = new Map(built.flatMap(({ metafile }) => assetNames(metafile)));
  const files = built
    .flatMap(({ outputFiles }) => outputFiles)
    .map(({ path, contents }) => ({ name: relative(outdir, path), contents }));
  for (const page of ['manifest.webmanifest', 'index.html', 'host.html']) {
    files.push({ name: page, contents: Buffer.from(await renderPage(join(here, page), names)) });
  }
  await rm(outdir, { recursive: true, force: true });
  await mkdir(join(outdir, 'assets'), { recursive: true });
  return Promise.all(files.map((file) => writeCompressed(outdir, file)));
}

function bundle(outdir, minify, entryPoints, plugins = [], more = {}) {
  return build({
    absWorkingDir: here,
    entryPoints,
    outdir: join(outdir, 'assets'),
    bundle: true,
    splitting: true,
    format: 'esm',
    target: ['es2022', 'chrome105', 'firefox110', 'safari16.4'],
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    loader: { '.svg': 'copy', '.png': 'copy' },
    minify,
    metafile: true,
    define: { WARMTERM_VERSION: JSON.stringify(version) },
    write: false,
    legalComments: 'none',
    logLevel: 'warning',
    plugins,
    ...more,
  });
}

// Leaves the module `path` out of a bundle, to be imported from the file `name` beside it.
const external = (path, name) => ({
  name: 'external',
  setup: ({ onResolve }) => {
    onResolve({ filter: /\.ts$/ }, (args) => (args.path === path ? { path: `./${name}`, external: true } : undefined));
  },
});

// Entry point → its hashed URL, relative to the page, and the chunks that it cannot do without.
function assetNames(metafile) {
  const url = (output) => `assets/${basename(output)}`;
  return Object.entries(metafile.outputs)
    .filter(([, { entryPoint }]) => entryPoint)
    .map(([output, { entryPoint, imports }]) => {
      const chunks = imports
        .filter(({ kind, external }) => kind === 'import-statement' && !external)
        .map(({ path }) => url(path));
      return [entryPoint, { url: url(output), chunks }];
    });
}

// `{{main.ts}}` becomes the hashed URL, `{{preload main.ts}}` a link for every chunk that main imports.
async function renderPage(path, names) {
  const template = await readFile(path, 'utf8');
  const asset = (name) => names.get(name) ?? fail(`${basename(path)} names ${name}, which is not built`);
  return template
    .replace(/<!--.*?-->\n?/gs, '')
    .replace(/\{\{preload ([\w./]+)\}\}/g, (_, name) =>
      asset(name)
        .chunks.map((url) => `<link rel="modulepreload" href="${url}">`)
        .join('\n    '),
    )
    .replace(/\{\{([\w./-]+)\}\}/g, (_, name) => asset(name).url);
}

async function writeCompressed(outdir, { name, contents }) {
  const brotli = await promisify(brotliCompress)(contents, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: contents.length,
    },
  });
  const gzipped = await promisify(gzip)(contents, { level: 9 });
  await writeFile(join(outdir, name), contents);
  await writeFile(join(outdir, `${name}.br`), brotli);
  await writeFile(join(outdir, `${name}.gz`), gzipped);
  return { name, bytes: contents.length, brotli: brotli.length, gzip: gzipped.length };
}

function fail(message) {
  throw new Error(message);
}
