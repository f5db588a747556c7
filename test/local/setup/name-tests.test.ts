// Files that share a process, as `npm test` runs them: each has its own hooks, and titles name the file.

import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const setup = join(root, 'local/setup');

const files = `
import ava from 'ava';
import ${JSON.stringify(join(setup, 'share-process.mjs'))};
import { nameTests } from ${JSON.stringify(join(setup, 'name-tests.mjs'))};
const say = (text) => console.log('said ' + text);
for (const file of ['a', 'b']) {
  const test = nameTests(ava, file);
  test.serial.before(() => say(file + ' before'));
  test.serial.afterEach.always((t) => say(file + ' each ' + t.passed));
  test.serial.after.always(() => say(file + ' after'));
  for (const one of ['1', '2']) {
    test.serial(one, (t) => {
      t.teardown(() => say(file + one + ' teardown'));
      say(file + one);
      t.true(file !== 'b' || one !== '1' || !process.env.WARMTERM_TEST_FAILS);
    });
  }
}`;

/** The output of the hooks and tests of two files, in order. */
async function run(t: { title: string }, args: string[] = [], env = {}): Promise<string[]> {
  const folder = join(root, 'dist-tests', `${process.pid}-${t.title.replace(/\W+/g, '-')}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'files.test.mjs'), files);
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'ava.config.mjs'), "export default { files: ['*.test.mjs'], workerThreads: false };");
  const { AVA_PATH: _, NODE_ENV: __, ...rest } = process.env;
  const ava = join(root, 'node_modules/ava/entrypoints/cli.mjs');
  try {
    // ava prints the output of tests there.
    const { stderr } = await promisify(execFile)(process.execPath, [ava, ...args], {
      cwd: folder,
      env: { ...rest, ...env },
    }).catch((error: { stderr: string }) => error);
    return [...stderr.matchAll(/said (.+)$/gm)].map(([, text]) => text ?? '');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const whole = (file: string) => [
  `${file} before`,
  ...['1', '2'].flatMap((one) => [`${file}${one}`, `${file}${one} teardown`, `${file} each true`]),
  `${file} after`,
];

test('name tests: the hooks of a file run around its own tests, and end before the next file begins', async (t) => {
  t.deepEqual(await run(t), [...whole('a'), ...whole('b')]);
});

test('name tests: the teardown of a file runs even if its last test was not selected', async (t) => {
  t.deepEqual(await run(t, ['--match=b*1']), ['b before', 'b1', 'b1 teardown', 'b each true', 'b after']);
});

test('name tests: a hook after each test runs after a failure, and so do the other tests of the file', async (t) => {
  const said = await run(t, [], { WARMTERM_TEST_FAILS: '1' });
  t.deepEqual(said, [...whole('a'), ...whole('b').with(3, 'b each false')]);
});
