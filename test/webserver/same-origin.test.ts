// The page's requests as proxies change them: which ones count as the page's own, and the messages for the others.

import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { paths, visitorHeader } from '../../common/terminals-api.ts';
import { createRefusalLog } from '../../webserver/refusal-log.ts';
import { proposedId } from '../helpers/proposed-id.ts';
import { startWebserver } from '../helpers/webserver-app.ts';

/** Claims a terminal with these headers. fetch would overwrite Host. */
function claim(url: string, headers: Record<string, string>) {
  return new Promise<{ status: number | undefined; detail: string }>((resolve, reject) => {
    const all = { 'content-type': 'application/json', [visitorHeader]: proposedId(), ...headers };
    request(url + paths.terminals, { method: 'POST', headers: all, agent: false }, async (response) => {
      resolve({ status: response.statusCode, detail: JSON.parse(await text(response)).detail });
    })
      .once('error', reject)
      .end('{}');
  });
}

// The host of the page as nginx and others change it over http, where browsers send no Sec-Fetch-Site.
for (const [title, origin, headers] of [
  ['the same port', 'http://shell.test:8080', { host: 'shell.test:8080' }],
  ['the default port of https', 'https://shell.test', { host: 'shell.test:443' }],
  ['the default port of http', 'http://shell.test', { host: 'shell.test:80' }],
  ['TLS that ends in front of another proxy', 'https://shell.test', { host: 'shell.test:80' }],
  ['upper case', 'http://shell.test', { host: 'Shell.Test' }],
  ['X-Forwarded-Host', 'http://shell.test:8080', { host: 'webserver:5252', 'x-forwarded-host': 'shell.test:8080' }],
  ['two proxies', 'http://shell.test', { host: 'b:5252', 'x-forwarded-host': 'shell.test, inner.test' }],
  ['X-Forwarded-Port', 'http://shell.test:8080', { host: 'shell.test', 'x-forwarded-port': '8080' }],
  [
    'host and port apart',
    'http://shell.test:8080',
    { host: 'webserver:5252', 'x-forwarded-host': 'shell.test', 'x-forwarded-port': '8080' },
  ],
  ['by https, whatever the host', 'https://shell.test', { host: 'webserver:5252', 'sec-fetch-site': 'same-origin' }],
] as const) {
  test(`same-origin: ${title}: accepted`, async (t) => {
    const { url } = await startWebserver(t);
    t.is((await claim(url, { origin, ...headers })).status, 201);
  });
}

for (const [title, origin, headers] of [
  ['bare proxy_pass', 'http://shell.test', { host: 'webserver:5252' }],
  ['$host without the port', 'http://shell.test:8080', { host: 'shell.test' }],
  ['a terminal at another port of the host', 'http://shell.test:30123', { host: 'shell.test:80' }],
] as const) {
  test(`same-origin: ${title}: refused; answer and log name the origin, the host and the remedy`, async (t) => {
    const { url, manager, logged } = await startWebserver(t);
    for (let count = 0; count < 3; count++) {
      const { status, detail } = await claim(url, { origin, ...headers });
      t.is(status, 403);
      for (const part of [`"${origin}"`, `"${headers.host}"`, 'proxy_set_header Host $http_host']) {
        t.true(detail.includes(part), `${part} is not in ${detail}`);
      }
    }
    t.is(manager.requests.length, 0);
    const lines = logged()
      .split('\n')
      .filter((line) => line.includes('"level":40'));
    t.is(lines.length, 1, 'once a minute');
    t.regex(JSON.parse(lines[0]!).msg, /page at .* asks for the host /);
  });
}

test('host: a refused name is logged with the setting that allows it', async (t) => {
  const { url, logged } = await startWebserver(t, { WARMTERM_HOSTS: 'shell.test' });
  for (let count = 0; count < 3; count++) t.is((await claim(url, { host: 'webserver:5252' })).status, 421);
  const lines = logged()
    .split('\n')
    .filter((line) => line.includes('"level":40'));
  t.is(lines.length, 1);
  t.regex(lines[0]!, /host name .*webserver:5252.*WARMTERM_HOSTS/);
});

test('refusal-log: logs each sentence once a minute, at most twenty', (t) => {
  const logged: unknown[] = [];
  let now = 0;
  const refuse = createRefusalLog({ warn: (text: unknown) => void logged.push(text) } as never, () => now);
  for (let count = 0; count < 30; count++) refuse('a');
  t.deepEqual(logged, ['a']);
  for (let count = 0; count < 30; count++) refuse(`${count}`);
  t.is(logged.length, 20);
  now = 60_000;
  refuse('a');
  t.is(logged.length, 21);
});
