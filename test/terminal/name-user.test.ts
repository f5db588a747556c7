// The script that names a terminal's user whose id the cluster assigns.

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import anyTest from 'ava';
import { skipIf } from '../helpers/skip.ts';

const script = fileURLToPath(new URL('../../terminal/name-user.sh', import.meta.url));

/** Runs the script as `uid`; returns the file that it wrote, if any. */
function nameUser(uid: number): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'warmterm-users-'));
  chmodSync(folder, 0o777);
  const file = join(folder, 'passwd');
  const env = { PATH: process.env.PATH, USER: 'visitor', HOME: '/home/visitor', SHELL: '/bin/bash' };
  const args = ['--user', `--map-user=${uid}`, '--map-group=0', 'sh', script, file];
  const { status, stderr } = spawnSync('unshare', args, { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

const { status } = spawnSync('unshare', ['--user', '--map-user=1', '--map-group=0', 'true']);
const test = skipIf(status === 0 ? undefined : 'no user namespace can be made', anyTest, anyTest.skip);

test('name-user: an unknown user gets a name, home, shell and a group that libnss-extrausers accepts', (t) => {
  t.is(nameUser(1_000_660_000), 'visitor:x:1000660000:1000660000::/home/visitor:/bin/bash\n');
});

test('name-user: replaces an account of CRI-O that cannot log in', (t) => {
  const [, uid] = /^nobody:[^:]*:(\d+):.*nologin$/m.exec(readFileSync('/etc/passwd', 'utf8')) ?? [];
  t.truthy(uid, 'the account of nobody');
  t.is(nameUser(Number(uid)), `visitor:x:${uid}:${uid}::/home/visitor:/bin/bash\n`);
});

test('name-user: keeps an existing account', (t) => {
  t.is(nameUser(0), undefined);
});

anyTest('the image reads that file, and its own user cannot write it', (t) => {
  const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  const [, file] = /^file=\$\{1:-(.+)\/passwd\}$/m.exec(read('terminal/name-user.sh')) ?? [];
  const dockerfile = read('terminal/Dockerfile');
  t.regex(dockerfile, / libnss-extrausers /);
  t.regex(dockerfile, /'s\/\^passwd: \*\/&extrausers \/' \/etc\/nsswitch\.conf/);
  t.true(dockerfile.includes(`install -d -m 775 ${file}\n`));
  t.true(read('terminal/entrypoint.sh').includes(`if [ -w ${file} ]`));
  t.true(read('helm/templates/pools.yaml').includes(`mountPath: ${file}}`));
});
