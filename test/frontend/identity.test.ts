// The page's identity at the webserver, in a real Chromium: first visits, invalid ids, and browsers without storage.

import test, { type ExecutionContext } from 'ava';
import type { BrowserContext, Page } from 'playwright-core';
import { texts } from '../../frontend/texts.ts';
import { shareBrowser, until, visitorKey, waitForScreen, waitForState } from '../helpers/frontend-browser.ts';
import { openPage } from '../helpers/frontend-page.ts';
import { startWebserver, type Webserver } from '../helpers/webserver-app.ts';
import { listen } from '../helpers/webserver-listen.ts';

const browser = shareBrowser(test);
const prompt = 'visitor@terminal:~$';

const claimsOf = ({ manager }: Webserver) =>
  manager.requests
    .filter(({ method, path }) => method === 'POST' && path === '/api/terminals')
    .map(({ body }) => (body as { visitor: string }).visitor);

const kept = (page: Page) => page.evaluate<string | null>(`localStorage.getItem('${visitorKey}')`);

/** The visitors whose terminals were ended. */
const endedOf = ({ manager }: Webserver) =>
  manager.requests
    .filter(({ method, path }) => method === 'DELETE' && path.startsWith('/api/terminals/'))
    .map(({ path }) => path.replace('/api/terminals/', ''));

const claims = '**/api/terminals';

/** Makes all tabs of `context` wait for the answer to a claim until `count` of them do, as may happen by chance. */
async function meetAtClaim(context: BrowserContext, count: number): Promise<void> {
  let arrived = 0;
  let open = () => {};
  const all = new Promise<void>((resolve) => {
    open = resolve;
  });
  await context.route(claims, async (route) => {
    const response = await route.fetch();
    if (response.ok()) {
      arrived += 1;
      if (arrived === count) open();
      await all;
    }
    await route.fulfill({ response });
  });
}

/** Checks that concurrent tabs agreed on one of the visitors `proposed`, and that the terminals of the others were ended. */
async function agreedOn(t: ExecutionContext, webserver: Webserver, proposed: string[], more: string[]): Promise<void> {
  t.is(new Set(proposed).size, proposed.length);
  t.is(new Set(more).size, 1);
  t.is(more.length, proposed.length - 1);
  const strays = proposed.filter((visitor) => visitor !== more[0]);
  t.is(strays.length, proposed.length - 1);
  await until(() => endedOf(webserver).length === strays.length, 'the end of the terminals that nobody has');
  t.deepEqual(endedOf(webserver).toSorted(), strays.toSorted());
}

for (const identity of ['browser', 'tab', 'address']) {
  test.serial(
    `a first visit makes one request before its terminal opens, and so does a reload (${identity})`,
    async (t) => {
      const requests: string[] = [];
      const { page, complaints } = await openPage(t, browser(), {
        environment: { WARMTERM_IDENTITY: identity, WARMTERM_TRUST_PROXY: '0' },
        prepare: ({ context }) =>
          context.on('request', (request) => {
            const { pathname } = new URL(request.url());
            if (pathname.startsWith('/api/')) requests.push(`${request.method()} ${pathname}`);
          }),
      });
      t.deepEqual(requests, ['POST /api/terminals']);
      await page.reload();
      await waitForState(page, 'connected');
      t.deepEqual(requests, ['POST /api/terminals', 'POST /api/terminals']);
      t.deepEqual(complaints, []);
    },
  );
}

for (const identity of ['browser', 'tab']) {
  test.serial(
    `inv 2: identity: a first claim whose answer is lost is repeated by the same visitor (${identity})`,
    async (t) => {
      const { webserver } = await openPage(t, browser(), {
        environment: { WARMTERM_IDENTITY: identity, WARMTERM_TRUST_PROXY: '0' },
        prepare: ({ page }) =>
          page.route(
            claims,
            async (route) => {
              await route.fetch();
              await route.abort('connectionreset');
            },
            { times: 1 },
          ),
      });
      t.is(claimsOf(webserver).length, 2);
      t.is(new Set(claimsOf(webserver)).size, 1);
      t.deepEqual(endedOf(webserver), []);
    },
  );

  test.serial(`inv 2: identity: a reload before the first answer is the same visitor (${identity})`, async (t) => {
    let held = () => {};
    const isHeld = new Promise<void>((resolve) => {
      held = resolve;
    });
    const { page, webserver } = await openPage(t, browser(), {
      environment: { WARMTERM_IDENTITY: identity, WARMTERM_TRUST_PROXY: '0' },
      until: false,
      prepare: ({ page }) => page.route(claims, (route) => route.fetch().then(held), { times: 1 }),
    });
    await isHeld;
    t.is(await kept(page), null);
    await page.reload();
    await waitForState(page, 'connected');
    t.is(claimsOf(webserver).length, 2);
    t.is(new Set(claimsOf(webserver)).size, 1);
    // A duplicate of the tab inherits nothing.
    t.deepEqual(await page.evaluate(`Object.keys(sessionStorage).filter((key) => key.includes('visitor'))`), []);
  });
}

test.serial('inv 2: identity: three tabs opened at once on a first visit are one visitor', async (t) => {
  const tabs = 3;
  const { page, context, webserver } = await openPage(t, browser(), {
    until: false,
    prepare: ({ context }) => meetAtClaim(context, tabs),
  });
  const others = await Promise.all(Array.from({ length: tabs - 1 }, () => context.newPage()));
  for (const other of others) await other.goto(page.url(), { waitUntil: 'commit' });
  for (const tab of [page, ...others]) await waitForState(tab, 'connected');
  await agreedOn(t, webserver, claimsOf(webserver).slice(0, tabs), claimsOf(webserver).slice(tabs));
  t.is(new Set(await Promise.all([page, ...others].map(kept))).size, 1);
});

/** Makes the page store `id` in IndexedDB, by which tabs agree. */
const putInDatabase = (page: Page, id: string) =>
  page.evaluate(`new Promise((resolve, reject) => {
    const request = indexedDB.open('warmterm', 1);
    request.onerror = reject;
    request.onsuccess = () => {
      const transaction = request.result.transaction('visitor', 'readwrite');
      transaction.objectStore('visitor').put('${id}', 'id');
      transaction.oncomplete = () => resolve(request.result.close());
    };
  })`);

// As after a change of the secret that signed it.
const forged = `browser.${'A'.repeat(22)}.${'A'.repeat(43)}`;

test.serial(
  'inv 2: identity: tabs with an id that is no longer valid become one visitor again, and none is locked out',
  async (t) => {
    const { page, context, webserver } = await openPage(t, browser());
    const other = await context.newPage();
    await other.goto(page.url());
    await waitForState(other, 'connected');
    const before = claimsOf(webserver).length;
    await page.evaluate(`localStorage.setItem('${visitorKey}', '${forged}')`);
    await putInDatabase(page, forged);
    await meetAtClaim(context, 2);
    await Promise.all([page, other].map((tab) => tab.reload({ waitUntil: 'commit' })));
    for (const tab of [page, other]) await waitForState(tab, 'connected');
    const [one = '', two = '', ...more] = claimsOf(webserver).slice(before);
    await agreedOn(t, webserver, [one, two], more);
    t.is(await kept(page), await kept(other));
    t.not(await kept(page), forged);
  },
);

test.serial('identity: an id that is lost in one storage is restored from the other', async (t) => {
  const { page, webserver } = await openPage(t, browser());
  await page.evaluate(`localStorage.removeItem('${visitorKey}')`);
  await page.reload();
  await waitForState(page, 'connected');
  const [first, proposed, agreed] = claimsOf(webserver);
  t.is(agreed, first);
  await until(() => endedOf(webserver).includes(proposed ?? ''), 'the end of the terminal that nobody has');
  t.is(endedOf(webserver).length, 1);
});

test.serial('identity: an id restored from the other storage is replaced if it is no longer valid', async (t) => {
  const { page, webserver } = await openPage(t, browser());
  await page.evaluate(`localStorage.removeItem('${visitorKey}')`);
  await putInDatabase(page, forged);
  await page.reload();
  await waitForState(page, 'connected');
  t.not(await kept(page), forged);
  const last = claimsOf(webserver).at(-1);
  await page.reload();
  await waitForState(page, 'connected');
  t.is(claimsOf(webserver).at(-1), last);
});

test.serial('identity: an invalid id in either storage is replaced', async (t) => {
  const { page } = await openPage(t, browser());
  await page.evaluate(`localStorage.setItem('${visitorKey}', 'a\\0"\\n'.repeat(20_000))`);
  await putInDatabase(page, 'ä b');
  await page.reload();
  await waitForState(page, 'connected');
  t.regex((await kept(page)) ?? '', /^browser\./);
});

test.serial('identity: the page becomes a visitor per tab once the setting says so', async (t) => {
  const { page, webserver } = await openPage(t, browser(), {
    environment: { WARMTERM_IDENTITY: 'tab' },
    prepare: ({ context }) =>
      context.addInitScript(`if (sessionStorage.length === 0) {
        sessionStorage.setItem('opened', 'true');
        localStorage.setItem('${visitorKey}', '${forged}');
      }`),
  });
  t.is(await kept(page), null);
  await page.reload();
  await waitForState(page, 'connected');
  t.is(claimsOf(webserver).length, 2);
  t.is(new Set(claimsOf(webserver)).size, 1);
});

for (const relay of ['never', 'always']) {
  test.serial(`identity: the id goes to the webserver, not to a terminal (relay: ${relay})`, async (t) => {
    const { page, terminal } = await openPage(t, browser(), { environment: { WARMTERM_RELAY: relay } });
    const [kind, id = '', signature = ''] = (await kept(page))?.split('.') ?? [];
    t.is(kind, 'browser');
    t.is(terminal.received.length, 1);
    for (const part of [id, signature]) t.false(JSON.stringify(terminal.received).includes(part));
  });
}

// The effect of `block all cookies` in a browser's settings. The headless browser has no such setting.
const blockStorage = `
  const denied = () => { throw new DOMException('Access is denied for this document.', 'SecurityError') };
  for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, { get: denied });
  IDBFactory.prototype.open = denied;
`;

test.serial(
  'identity: without storage, the terminal lasts as long as the tab, and the page says so once',
  async (t) => {
    const { page, context, webserver, complaints } = await openPage(t, browser(), {
      prepare: ({ context }) => context.addInitScript(blockStorage),
    });
    await page.locator('.notice', { hasText: texts.forgetful }).waitFor();
    await page.reload();
    await waitForState(page, 'connected');
    await waitForScreen(page, prompt);
    t.is(await page.locator('.notice', { hasText: texts.forgetful }).count(), 0);
    t.is(claimsOf(webserver).length, 2);
    t.is(new Set(claimsOf(webserver)).size, 1);
    const another = await context.newPage();
    await another.goto(page.url());
    await waitForState(another, 'connected');
    t.is(new Set(claimsOf(webserver)).size, 2);
    t.deepEqual(complaints, []);
  },
);

/** A page of another site that shows `?src=` in a frame. */
async function startEmbedder(t: ExecutionContext): Promise<{ site: string; showing: (src: string) => string }> {
  const { url } = await listen(t, (request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
    response.setHeader('content-type', 'text/html');
    response.end(`<iframe src="${searchParams.get('src')}" width="800" height="500"></iframe>`);
  });
  // Needs another site, not only another port: localhost and 127.0.0.1 are two sites.
  const site = url.replace('127.0.0.1', 'localhost');
  return { site, showing: (src) => `${site}/?src=${encodeURIComponent(src)}` };
}

for (const relay of ['never', 'always']) {
  test.serial(`frame: the terminal works in a frame of an allowed site (relay: ${relay})`, async (t) => {
    const { site, showing } = await startEmbedder(t);
    const { page, webserver, terminal, complaints } = await openPage(t, browser(), {
      environment: { WARMTERM_FRAME_ANCESTORS: `https://school.example.org,${site}`, WARMTERM_RELAY: relay },
    });
    await page.goto(showing(`${webserver.url}/?renderer=dom`));
    const frame = page.frameLocator('iframe');
    const connected = () => frame.locator('html[data-state="connected"]').waitFor({ state: 'attached' });
    await connected();
    await frame.locator('.xterm-helper-textarea').focus();
    await page.keyboard.type('in a frame');
    await until(() => terminal.inputs.join('').endsWith('in a frame'), 'the input from the frame');
    await page.reload();
    await connected();
    // Most browsers give the frame its own storage, and keep it.
    const [framed, reloaded] = claimsOf(webserver).slice(1);
    t.is(framed, reloaded);
    t.deepEqual(complaints, []);
  });
}

test.serial('frame: other sites cannot show the page, and no site the host page', async (t) => {
  const { site, showing } = await startEmbedder(t);
  const { page, webserver } = await openPage(t, browser());
  const [strange, allowed] = await Promise.all([
    startWebserver(t, { WARMTERM_FRAME_ANCESTORS: 'self,https://school.example.org' }),
    startWebserver(t, { WARMTERM_FRAME_ANCESTORS: site }),
  ]);
  for (const src of [`${webserver.url}/?renderer=dom`, `${strange.url}/?renderer=dom`, `${allowed.url}/host`]) {
    await page.goto(showing(src));
    const frame = page.frameLocator('iframe');
    await frame.getByRole('heading', { name: 'This page may not be shown inside another page' }).waitFor();
    t.is(await frame.locator('a, button, input').count(), 1, src);
  }
  t.deepEqual(
    [webserver, strange, allowed].map((one) => claimsOf(one).length),
    [1, 0, 0],
  );
});
