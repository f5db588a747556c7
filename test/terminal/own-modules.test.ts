// The server loads no module from the visitor's home. Node also searches ~/.node_modules for modules that it does not
// find beside the program (https://nodejs.org/api/modules.html#loading-from-the-global-folders).

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { builtService } from '../helpers/built.ts';

const program = builtService('terminal');

test('own-modules: loads no module from the home', (t) => {
  const home = mkdtempSync(join(tmpdir(), 'own-modules-'));
  t.teardown(() => rmSync(home, { recursive: true, force: true }));
  const loaded = join(home, 'loaded');
  // All names that the program may pass to require.
  const calls = readFileSync(program, 'utf8').matchAll(/[\w$]\((["'`])([a-z@][\w@/.-]*)\1\)/g);
  const names = new Set(['bufferutil', 'utf-8-validate', ...Array.from(calls, ([, , name]) => name!)]);
  for (const name of names) {
    if (isBuiltin(name)) continue;
    const folder = join(home, '.node_modules', name);
    mkdirSync(folder, { recursive: true });
    const line = `require('node:fs').appendFileSync(${JSON.stringify(loaded)}, ${JSON.stringify(`${name}\n`)});`;
    writeFileSync(join(folder, 'index.js'), line);
  }
  // The program loads all of its modules before it reports its missing settings.
  const { status, stderr } = spawnSync(process.execPath, [program], {
    env: { HOME: home, PATH: process.env.PATH },
    encoding: 'utf8',
  });
  t.is(status, 2, stderr);
  t.regex(stderr, /WARMTERM_POD_UID/);
  t.false(existsSync(loaded), existsSync(loaded) ? readFileSync(loaded, 'utf8') : '');
});
