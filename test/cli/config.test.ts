import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openIdentity, readServer, toServer, writeServer } from '../../cli/config.ts';

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'warmterm-cli-config-'));
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}

test('config: a server is an origin with the path prefix of its page', (t) => {
  for (const text of ['https://example.org', 'https://example.org/?x=1', 'https://example.org/host#token=x'])
    t.is(toServer(text), 'https://example.org');
  for (const text of [
    'https://example.org/a/shell',
    'https://example.org/a/shell/?pool=x',
    'https://example.org/a/shell/host',
  ])
    t.is(toServer(text), 'https://example.org/a/shell');
  for (const text of ['example.org', 'localhost:3000', 'ftp://example.org', ''])
    t.throws(() => toServer(text), { message: /http/ });
});

test('config: the login is readable by its owner only; WARMTERM_URL takes precedence', (t) => {
  const env = { XDG_CONFIG_HOME: folder(t) };
  t.throws(() => readServer(env), { message: /warmterm login/ });
  writeServer(env, 'http://127.0.0.1:3000');
  t.is(readServer(env), 'http://127.0.0.1:3000');
  const file = join(env.XDG_CONFIG_HOME, 'warmterm/login.json');
  t.is(statSync(file).mode & 0o777, 0o600);
  t.is(readServer({ ...env, WARMTERM_URL: 'https://other.example/x' }), 'https://other.example/x');
  writeFileSync(file, 'no json');
  t.throws(() => readServer(env), { message: /cannot be read/ });
});

test('config: concurrent first clients share one id, and a signed id stays', (t) => {
  const env = { XDG_CONFIG_HOME: folder(t) };
  const [one, two] = [openIdentity(env, 'http://a.example'), openIdentity(env, 'http://a.example')];
  t.regex(one.get(), /^new\.[\w-]{22}$/);
  t.is(two.get(), one.get());
  one.keep('browser.x.y');
  t.is(openIdentity(env, 'http://a.example').get(), 'browser.x.y');
  const files = readdirSync(join(env.XDG_CONFIG_HOME, 'warmterm/identities'));
  t.is(files.length, 1, 'no drafts are left');
  t.is(statSync(join(env.XDG_CONFIG_HOME, 'warmterm/identities', files[0]!)).mode & 0o777, 0o600);
});

test('config: an identity is sent to no other server', (t) => {
  const env = { XDG_CONFIG_HOME: folder(t) };
  const one = openIdentity(env, 'http://a.example');
  one.keep('browser.x.y');
  const others = ['http://a.example:81', 'http://a.example/b', 'http://a.example/c_d'];
  for (const server of others) t.regex(openIdentity(env, server).get(), /^new\./);
  openIdentity(env, 'http://a.example/c_d').keep('browser.z.z');
  t.regex(openIdentity(env, 'http://a.example/c/d').get(), /^new\./);
});

test('config: WARMTERM_IDENTITY_FILE holds the id and nothing else', (t) => {
  const file = join(folder(t), 'id');
  const env = { WARMTERM_IDENTITY_FILE: file };
  const identity = openIdentity(env, 'http://a.example');
  identity.keep('tab.x.y');
  t.is(readFileSync(file, 'utf8'), 'tab.x.y\n');
  identity.keep('with a\nline feed');
  t.is(readFileSync(file, 'utf8'), 'tab.x.y\n');
  writeFileSync(file, 'not an id!');
  t.throws(() => openIdentity(env, 'http://a.example').get(), { message: /has no valid identity/ });
});
