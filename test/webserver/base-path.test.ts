// Requests below a path prefix, which proxies may remove or pass on.

import test from 'ava';
import { paths } from '../../common/terminals-api.ts';
import { parseBasePath } from '../../webserver/base-path.ts';
import { startWebserver } from '../helpers/webserver-app.ts';
import { createVisitor } from '../helpers/webserver-browser.ts';

for (const [text, expected] of [
  ['/', ''],
  ['/shell', '/shell'],
  ['/a/shell-1.0/', '/a/shell-1.0'],
  ['shell', undefined],
  ['/a/../b', undefined],
  ['//evil.example.org', undefined],
  ['/a?b', undefined],
] as const) {
  test(`WARMTERM_BASE_PATH=${text} is ${expected === undefined ? 'refused' : 'understood'}`, (t) => {
    t.is(parseBasePath(text), expected);
  });
}

test('base path: the page, its files and the API are below it, and without it too', async (t) => {
  const { url } = await startWebserver(t, { WARMTERM_BASE_PATH: '/a/shell' });
  for (const below of [url, `${url}/a/shell`]) {
    const page = await (await fetch(`${below}/`)).text();
    const names = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
    t.true(names.length > 4);
    for (const name of [...names, 'host', 'cli.tgz', 'openapi.json', 'healthz']) {
      const { status } = await fetch(new URL(name, `${below}/`));
      t.is(status, 200, `${below} ${name}`);
    }
    t.is((await createVisitor(below).send('POST', paths.terminals, { body: {} })).status, 201);
  }
  for (const path of ['/a', '/a/', '/a/shellx/', '/x/a/shell/']) t.is((await fetch(url + path)).status, 404, path);
});

test('base path: without a slash at the end it is redirected to the page, with its query', async (t) => {
  const { url } = await startWebserver(t, { WARMTERM_BASE_PATH: '/a/shell' });
  const answer = await fetch(`${url}/a/shell?pool=x`, { redirect: 'manual' });
  t.deepEqual([answer.status, answer.headers.get('location')], [308, 'shell/?pool=x']);
  t.is((await fetch(`${url}/a/shell`)).url, `${url}/a/shell/`);
});

test('base path: the page names no URL outside of its own folder', async (t) => {
  const { url } = await startWebserver(t);
  for (const path of ['/', '/host', '/manifest.webmanifest']) {
    const text = await (await fetch(url + path)).text();
    t.notRegex(text, /["'](https?:)?\//, path);
  }
});
