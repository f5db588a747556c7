// The page below a path prefix, in a real browser.

import test from 'ava';
import packageJson from '../../package.json' with { type: 'json' };
import { shareBrowser, typeText, visitorKey, waitForScreen, waitForState } from '../helpers/frontend-browser.ts';
import { openPage } from '../helpers/frontend-page.ts';
import { hostToken } from '../helpers/webserver-app.ts';

const browser = shareBrowser(test);
const prefix = '/a/shell';
const environment = { WARMTERM_BASE_PATH: prefix, WARMTERM_RELAY: 'always' };

test.serial('base path: the page and its relay stay below it, also after a reload', async (t) => {
  const asked: string[] = [];
  const { page, webserver, complaints } = await openPage(t, browser(), {
    path: `${prefix}/?renderer=dom`,
    environment,
    prepare: ({ page: opening }) => {
      opening.on('request', (request) => asked.push(request.url()));
      opening.on('websocket', (socket) => asked.push(socket.url()));
    },
  });
  await typeText(page, 'below\n');
  await waitForScreen(page, /below/);
  await page.reload();
  await waitForState(page, 'connected');
  const outside = asked.filter((url) => !new URL(url).pathname.startsWith(`${prefix}/`));
  t.deepEqual(outside, []);
  t.true(asked.some((url) => url.startsWith('ws:') && url.includes(`${prefix}/api/terminals/current/relay`)));
  t.deepEqual(complaints, []);
  await page.getByRole('button', { name: 'Help' }).click();
  const server = webserver.url + prefix;
  await page.getByText(`npx ${server}/cli-${packageJson.version}.tgz login ${server}`, { exact: true }).waitFor();
});

test.serial('base path: installations below other prefixes of the origin keep ids of their own', async (t) => {
  const { page } = await openPage(t, browser(), { path: `${prefix}/?renderer=dom`, environment });
  const keys = await page.evaluate<string[]>('Object.keys(localStorage)');
  t.true(keys.includes(`${visitorKey} ${prefix}/`));
  t.false(keys.includes(visitorKey));
  const databases = await page.evaluate<string[]>('indexedDB.databases().then((all) => all.map(({ name }) => name))');
  t.deepEqual(databases, [`warmterm ${prefix}/`]);
});

test.serial('base path: the host page asks below it', async (t) => {
  const { page } = await openPage(t, browser(), {
    path: `${prefix}/host#token=${encodeURIComponent(hostToken)}`,
    environment,
    until: false,
  });
  await page.getByRole('heading', { name: 'workshop' }).waitFor();
  t.is(new URL(page.url()).pathname, `${prefix}/host`);
});
