// The command-line client that the webserver serves: as one file, and as an npm package.

import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { paths, versionHeader } from '../../common/terminals-api.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { startWebserver } from '../helpers/webserver-app.ts';

const program = '#!/usr/bin/env node\nconsole.log("a program");\n';
const archive = Buffer.from([0x1f, 0x8b, 0x08, 0x00, 0xff]);

async function start(t: ExecutionContext) {
  const cliDir = await mkdtemp(join(tmpdir(), 'cli-'));
  t.teardown(() => rm(cliDir, { recursive: true }));
  mkdirSync(join(cliDir, 'cli'));
  writeFileSync(join(cliDir, 'cli/warmterm.mjs'), program);
  writeFileSync(join(cliDir, 'cli.tgz'), archive);
  return startWebserver(t, {}, { cliDir });
}

for (const [path, type, content] of [
  ['/cli/warmterm.mjs', 'text/javascript; charset=utf-8', Buffer.from(program)],
  ['/cli.tgz', 'application/gzip', archive],
  ['/cli-0.0.0.tgz', 'application/gzip', archive],
] as const) {
  test(`cli: serves ${path} as built, revalidated at every visit`, async (t) => {
    const { url } = await start(t);
    const answer = await fetch(url + path, { headers: { 'accept-encoding': 'gzip, br' } });
    t.is(answer.status, 200);
    t.is(answer.headers.get('content-type'), type);
    t.is(answer.headers.get('content-encoding'), null);
    t.is(answer.headers.get('cache-control'), 'private, no-cache');
    t.true(Buffer.from(await answer.arrayBuffer()).equals(content));
    const etag = answer.headers.get('etag')!;
    // Otherwise fetch would add `no-cache`, which requests the whole file.
    const conditional = { 'if-none-match': etag, 'cache-control': 'max-age=0' };
    t.is((await fetch(url + path, { headers: conditional })).status, 304);
    const head = await fetch(url + path, { method: 'HEAD' });
    t.deepEqual([head.status, head.headers.get('content-length')], [200, String(content.length)]);
    t.is((await fetch(url + path, { method: 'POST' })).status, 404);
  });
}

test('cli: without a built client, serves the page and answers 404 for the client', async (t) => {
  const { url } = await startWebserver(t, {}, { cliDir: join(tmpdir(), 'there-is-none') });
  t.is((await fetch(url)).status, 200);
  for (const path of ['/cli.tgz', '/cli-0.0.0.tgz', '/cli/warmterm.mjs', '/cli', '/cli/'])
    t.is((await fetch(url + path)).status, 404);
});

test('cli: 404 for another version’s archive; API answers carry the version', async (t) => {
  const { url } = await start(t);
  t.is((await fetch(`${url}/cli-0.0.1.tgz`)).status, 404);
  t.is((await fetch(`${url}${paths.current}`)).headers.get(versionHeader), '0.0.0');
});

/** A machine without files of this project. */
async function startMachine(t: ExecutionContext) {
  const home = await mkdtemp(join(tmpdir(), 'home-'));
  t.teardown(() => rm(home, { recursive: true }));
  const env = { PATH: process.env.PATH, HOME: home, npm_config_cache: join(home, 'npm') };
  const run = async (program: string, ...args: string[]) =>
    (await promisify(execFile)(program, args, { cwd: home, env })).stdout.trim();
  return { home, run };
}

test('cli: the built client runs as one file', async (t) => {
  const { url } = await startWebserver(t);
  const { home, run } = await startMachine(t);
  const answer = await fetch(`${url}/cli/warmterm.mjs`);
  t.is(answer.status, 200);
  await writeFile(join(home, 'warmterm.mjs'), Buffer.from(await answer.arrayBuffer()));
  t.is(await run(process.execPath, 'warmterm.mjs', '--version'), packageJson.version);
});

test('cli: npx runs the served package without a registry', async (t) => {
  const { url } = await startWebserver(t);
  const { run } = await startMachine(t);
  // A registry that does not exist.
  const npx = (...args: string[]) => run('npx', '--yes', '--registry=http://127.0.0.1:9', ...args);
  t.is(await npx(`${url}/cli.tgz`, '--version'), packageJson.version);
});
