// Builds the client: one self-contained file, and an npm package with it, for `npx http://HOST/cli.tgz`. Needs no network.

import { execFileSync } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

// Modules that only browsers, or developers of these packages, need.
const stubs = {
  debug:
    'const off=()=>Object.assign(()=>{},{enabled:false});module.exports=Object.assign(off,{debug:off,default:off})',
  'xmlhttprequest-ssl': 'export class XMLHttpRequest{}',
  'proxy-agent-negotiate': 'module.exports={}',
};
const slim = {
  name: 'slim',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^(${Object.keys(stubs).join('|')})$`) }, ({ path }) => ({
      path,
      namespace: 'stub',
    }));
    onLoad({ filter: /.*/, namespace: 'stub' }, ({ path }) => ({ contents: stubs[path] }));
  },
};

/** Writes `outdir`/warmterm.mjs and `archive`. `options` are those of the services. */
export async function buildCli({ outdir, archive, options }) {
  const { version, description, license, engines } = JSON.parse(await readFile('package.json', 'utf8'));
  const file = join(outdir, 'warmterm.mjs');
  await build({
    ...options,
    outdir: undefined,
    outExtension: undefined,
    outfile: file,
    entryPoints: ['cli/main.ts'],
    minify: true,
    keepNames: false,
    sourcemap: false,
    define: { ...options.define, WARMTERM_VERSION: JSON.stringify(version) },
    banner: { js: `#!/usr/bin/env node\n${options.banner.js}` },
    plugins: [slim],
  });
  await chmod(file, 0o755);

  const folder = await mkdtemp(join(tmpdir(), 'warmterm-cli-'));
  try {
    const content = join(folder, 'package');
    await mkdir(content);
    const manifest = {
      name: 'warmterm',
      version,
      description,
      license,
      type: 'module',
      bin: { warmterm: 'warmterm.mjs' },
      engines,
    };
    await writeFile(join(content, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
    await copyFile(file, join(content, 'warmterm.mjs'));
    await copyFile('LICENSE', join(content, 'LICENSE'));
    await chmod(join(content, 'warmterm.mjs'), 0o755);
    // In the form of `npm pack`: everything is below `package/`.
    execFileSync('tar', ['czf', join(folder, 'cli.tgz'), '-C', folder, '--owner=0', '--group=0', 'package']);
    await copyFile(join(folder, 'cli.tgz'), `${archive}.part`);
    await rename(`${archive}.part`, archive);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
