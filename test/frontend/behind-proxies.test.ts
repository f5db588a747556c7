// The page behind proxies that do not do as they should, in a real Chromium: another answers in place of the webserver, and the
// visitor's id is lost on the way.

import type { IncomingMessage, ServerResponse } from 'node:http';
import test from 'ava';
import type { Page } from 'playwright-core';
import { texts } from '../../frontend/texts.ts';
import { shareBrowser, until, waitForState } from '../helpers/frontend-browser.ts';
import { openPage } from '../helpers/frontend-page.ts';
import { startWebserver, type Webserver } from '../helpers/webserver-app.ts';

const browser = shareBrowser(test);

const claimsOf = ({ manager }: Webserver) =>
  manager.requests
    .filter(({ method, path }) => method === 'POST' && path === '/api/terminals')
    .map(({ body }) => (body as { visitor: string }).visitor);

const isClaim = ({ method, url }: IncomingMessage) => method === 'POST' && url === '/api/terminals';

const answer = (status: number, headers: Record<string, string> = {}, body = '') => ({ status, headers, body });
const html = { 'content-type': 'text/html; charset=utf-8' };
const login = '<!doctype html><title>Sign in</title>';

for (const [what, { status, headers, body }, code] of [
  ['the HTML of a captive portal', answer(200, html, login), 'sign-in'],
  ['a redirect to another site', answer(302, { location: 'http://login.example.org/' }), 'sign-in'],
  ['a redirect to a page of the same site', answer(302, { location: '/' }), 'sign-in'],
  ['401', answer(401, { 'www-authenticate': 'Bearer' }), 'sign-in'],
  ['403', answer(403, html, login), 'sign-in'],
  ['404', answer(404, html, 'default backend'), 'foreign'],
  ['JSON of another service', answer(200, { 'content-type': 'application/json' }, '{"ok":true}'), 'foreign'],
  ['502', answer(502, html, 'Bad Gateway'), 'unavailable'],
] as const) {
  test.serial(`proxies: ${what} in place of the webserver: the page says so, and recovers by itself`, async (t) => {
    let isForeign = true;
    let asked = 0;
    const { page, webserver } = await openPage(t, browser(), {
      proxied: true,
      until: 'waiting',
      prepare: ({ proxy }) => {
        proxy.intercept = (request: IncomingMessage, response: ServerResponse) => {
          if (!isForeign || !isClaim(request)) return false;
          asked += 1;
          response.writeHead(status, headers).end(body);
          return true;
        };
      },
    });
    const words = texts.failures[code];
    await page.getByRole('heading', { name: words.title }).waitFor();
    await page.getByRole('button', { name: code === 'sign-in' ? texts.signIn : texts.now }).waitFor();
    await until(() => asked >= 2, 'another request');
    await page.getByText(texts.details).click();
    await page.getByText(/^POST \/api\/terminals: (\d|a redirect)/).waitFor();
    isForeign = false;
    await page.evaluate(`dispatchEvent(new Event('online'))`);
    await waitForState(page, 'connected');
    t.is(new Set(claimsOf(webserver)).size, 1);
  });
}

test.serial(
  'a proxy that wants a sign-in while the page is open: the button loads the page again, which is signed in',
  async (t) => {
    let signedIn = true;
    let loads = 0;
    const { page, webserver, terminal } = await openPage(t, browser(), {
      proxied: true,
      prepare: ({ proxy }) => {
        proxy.intercept = (request, response) => {
          if (request.url?.startsWith('/?')) {
            loads += 1;
            signedIn = true;
          }
          if (signedIn) return false;
          response.writeHead(302, { location: 'http://login.example.org/' }).end();
          return true;
        };
      },
    });
    signedIn = false;
    terminal.cut();
    await page.getByRole('button', { name: texts.signIn }).click();
    await waitForState(page, 'connected');
    await until(() => claimsOf(webserver).length === 2, 'a claim after the sign-in');
    t.is(loads, 2);
    t.is(new Set(claimsOf(webserver)).size, 1);
  },
);

const header = 'warmterm-visitor';

test.serial(
  'inv 2: where requests lose the header with the id, no terminal is claimed, and the page names the header',
  async (t) => {
    let asked = 0;
    const { page, webserver, proxy } = await openPage(t, browser(), {
      proxied: true,
      until: 'waiting',
      environment: { WARMTERM_RELAY: 'always' },
      prepare: ({ proxy: opening }) => {
        opening.onRequest = (headers) => delete headers[header];
        opening.intercept = (request) => {
          if (isClaim(request)) asked += 1;
          return false;
        };
      },
    });
    await page.locator('.detail', { hasText: texts.failures['unknown-visitor'].detail }).waitFor();
    await until(() => asked >= 3, 'more requests');
    t.deepEqual(claimsOf(webserver), []);
    proxy.onRequest = () => {};
    await waitForState(page, 'connected');
    t.is(claimsOf(webserver).length, 1);
  },
);

test.serial(
  'inv 2: where answers lose it, the page stays one visitor over drops and reloads, and says so once',
  async (t) => {
    const { page, webserver, terminal } = await openPage(t, browser(), {
      proxied: true,
      environment: { WARMTERM_RELAY: 'always' },
      prepare: ({ proxy }) => {
        proxy.onAnswer = (headers) => delete headers[header];
      },
    });
    await page.locator('.notice', { hasText: texts.idRemoved }).waitFor();
    for (let times = 1; times <= 3; times++) {
      terminal.cut();
      await until(() => terminal.handshakes.length === 2 * times, 'another connection');
      await waitForState(page, 'connected');
      await page.reload();
      await until(() => terminal.handshakes.length === 2 * times + 1, 'a connection after the reload');
      await waitForState(page, 'connected');
    }
    t.is(await page.locator('.notice', { hasText: texts.idRemoved }).count(), 0);
    t.true(claimsOf(webserver).length >= 7);
    t.is(new Set(claimsOf(webserver)).size, 1);
  },
);

test.serial('inv 2: proxies: the page stays one visitor after twelve lost answers', async (t) => {
  let lost = 0;
  const { webserver } = await openPage(t, browser(), {
    proxied: true,
    prepare: ({ page, proxy }) => {
      // A person who does not want to wait.
      page.on('requestfailed', () => void page.evaluate(`dispatchEvent(new Event('online'))`).catch(() => {}));
      proxy.onAnswer = (_headers, request) => {
        if (!isClaim(request) || lost === 12) return;
        lost += 1;
        request.socket.destroy();
      };
    },
  });
  t.true(claimsOf(webserver).length > 12);
  t.is(new Set(claimsOf(webserver)).size, 1);
});

/** Cuts the connection until the page has claimed once more, or is refused. */
const claimedAgain = async (page: Page, cut: () => void, claims: () => number) => {
  const before = claims();
  cut();
  await until(() => claims() > before, 'another claim');
  await waitForState(page, 'connected');
};

test.serial(
  'inv 2: where two webservers have different secrets, a page claims twice at most, and says who disagrees',
  async (t) => {
    const other = await startWebserver(t, {}, { secrets: ['another secret of more than thirty-two bytes'] });
    const { page, webserver, terminal, proxy } = await openPage(t, browser(), { proxied: true });
    other.manager.address = webserver.manager.address;
    const visitors = () => new Set([...claimsOf(webserver), ...claimsOf(other)]);
    const claims = () => claimsOf(webserver).length + claimsOf(other).length;
    proxy.target = () => other.url;
    await claimedAgain(page, terminal.cut, claims);
    t.is(visitors().size, 2);
    proxy.target = () => webserver.url;
    terminal.cut();
    await page.getByRole('heading', { name: texts.failures['visitor-refused'].title }).waitFor();
    t.is(claims(), 2);
    proxy.target = () => other.url;
    await waitForState(page, 'connected');
    t.is(visitors().size, 2);
  },
);

for (const relay of ['never', 'always']) {
  test.serial(`proxies: the page works at an address with a user name and a password (relay: ${relay})`, async (t) => {
    const { page, terminal, complaints } = await openPage(t, browser(), {
      proxied: true,
      path: '/?renderer=dom',
      until: false,
      environment: { WARMTERM_RELAY: relay },
      prepare: ({ proxy }) => {
        proxy.intercept = (request, response) => {
          if (request.headers.authorization === `Basic ${btoa('visitor:secret')}`) return false;
          response.writeHead(401, { 'www-authenticate': 'Basic realm="shell"' }).end();
          return true;
        };
      },
    });
    complaints.length = 0;
    await page.goto(page.url().replace('http://', 'http://visitor:secret@'));
    await waitForState(page, 'connected');
    t.is(terminal.sockets.size, 1);
    t.deepEqual(complaints, []);
  });
}
