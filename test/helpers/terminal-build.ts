// The terminal's server as one file, as it is in an image: its processes start in a tenth of the time that they take from
// their sources, and a test starts many.

import { copyFileSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../../', import.meta.url));
let built: Promise<string> | undefined;

/** The path of the bundle, which is built once for each test file and removed with its process. */
export function buildTerminal(): Promise<string> {
  built ??= bundle();
  return built;
}

async function bundle(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'bundle-of-terminal-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  copyFileSync(join(root, 'terminal/tmux.conf'), join(folder, 'tmux.conf'));
  const outfile = join(folder, 'terminal.mjs');
  await build({
    entryPoints: [join(root, 'terminal/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['node-pty', 'bufferutil', 'utf-8-validate'],
    sourcemap: 'inline',
    banner: {
      js: "import{createRequire as warmtermRequire}from'node:module';const require=warmtermRequire(import.meta.url);",
    },
  });
  return outfile;
}
