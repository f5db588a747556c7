import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createTokenReader, readSecrets, readToken } from '../../webserver/secrets.ts';

async function file(t: ExecutionContext, content: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'warmterm-secrets-'));
  t.teardown(() => rm(directory, { recursive: true }));
  const path = join(directory, 'secret');
  await writeFile(path, content);
  return path;
}

const [a, b] = ['a'.repeat(32), 'b'.repeat(40)];

test('secrets: reads one secret per line, in order', async (t) => {
  t.deepEqual(await readSecrets('NAME', await file(t, `${a}\n${b}\n`)), [a, b]);
  t.deepEqual(await readSecrets('NAME', await file(t, a)), [a]);
});

test('inv 10: secrets: a missing, short or empty file is reported with setting and path', async (t) => {
  for (const path of [await file(t, ''), await file(t, `${a}\nshort`), '/nowhere']) {
    await t.throwsAsync(readSecrets('NAME', path), {
      message: new RegExp(`^NAME="${path}": `),
      code: 'invalid-config',
    });
  }
  await t.throwsAsync(readToken('NAME', await file(t, '\n')), { message: /the file is empty/ });
});

test('secrets: rereads a rotating token, and keeps it while its file is missing', async (t) => {
  let now = 0;
  const path = await file(t, 'first\n');
  const read = createTokenReader(path, () => now, 1_000);
  t.is(await read(), 'first');
  await writeFile(path, 'second\n');
  now = 999;
  t.is(await read(), 'first');
  now = 1_000;
  t.is(await read(), 'second');
  await rm(path);
  now = 5_000;
  t.is(await read(), 'second');
});

test('secrets: unavailable without any token for the manager', async (t) => {
  await t.throwsAsync(createTokenReader('/nowhere')(), { code: 'unavailable' });
});
