// The cause that the page names when a connection fails, in a real Chromium: a policy, the browser's protection of local networks, or
// a proxy that blocks WebSockets.

import test from 'ava';
import type { Page } from 'playwright-core';
import { paths } from '../../common/terminals-api.ts';
import { texts } from '../../frontend/texts.ts';
import { openBrowser, shareBrowser, until, waitForState } from '../helpers/frontend-browser.ts';
import { startFaultyProxy } from '../helpers/frontend-faulty-proxy.ts';
import { openPage } from '../helpers/frontend-page.ts';
import { startClosed } from '../helpers/webserver-relay.ts';

const browser = shareBrowser(test);

/** Paths of the WebSockets that the page has tried to open. */
function listenForSockets(page: Page): string[] {
  const seen: string[] = [];
  page.on('websocket', (socket) => {
    seen.push(new URL(socket.url()).pathname.startsWith(paths.relay) ? 'relay' : 'direct');
  });
  return seen;
}

const withConnectSources = (policy: unknown, sources: string) =>
  String(policy).replace(/connect-src [^;]*/, `connect-src ${sources}`);

test.serial(
  'a policy of a proxy that allows no direct way: the page goes by the relay at once, and names the policy',
  async (t) => {
    let sockets: string[] = [];
    const { page } = await openPage(t, browser(), {
      proxied: true,
      prepare: ({ page: opening, proxy }) => {
        sockets = listenForSockets(opening);
        proxy.onAnswer = (headers) => {
          headers['content-security-policy'] = withConnectSources(headers['content-security-policy'], `'self'`);
        };
      },
    });
    await page.locator('.notice', { hasText: texts.relayed.policy }).waitFor();
    t.deepEqual(sockets.filter((way) => way === 'relay').length, 1);
    t.true(sockets.filter((way) => way === 'direct').length <= 1, sockets.join());
  },
);

test.serial('blame: names a proxy’s policy that allows no connection, not the network', async (t) => {
  const { page } = await openPage(t, browser(), {
    proxied: true,
    until: 'waiting',
    prepare: ({ proxy }) => {
      proxy.onAnswer = (headers) => {
        headers['content-security-policy'] = withConnectSources(headers['content-security-policy'], `'none'`);
      };
    },
  });
  await page.getByRole('heading', { name: texts.failures.policy.title }).waitFor();
  t.pass();
});

test.serial('blame: names the browser’s missing permission for the local network, not the network', async (t) => {
  const proxy = await startFaultyProxy(t, '');
  const { host } = new URL(proxy.url);
  const guarded = await openBrowser(t, [`--ip-address-space-overrides=${host}=public`]);
  const { page, context, webserver } = await openPage(t, guarded, { until: false });
  proxy.target = () => webserver.url;
  const devtools = await guarded.newBrowserCDPSession();
  const { browserContextIds } = await devtools.send('Target.getBrowserContexts');
  for (const name of ['local-network-access', 'loopback-network']) {
    for (const browserContextId of browserContextIds) {
      await devtools.send('Browser.setPermission', { permission: { name }, setting: 'denied', browserContextId });
    }
  }
  const fresh = await context.newPage();
  await page.close();
  await fresh.goto(`${proxy.url}/?renderer=dom`);
  await waitForState(fresh, 'connected');
  await fresh.locator('.notice', { hasText: texts.relayed['local-network'] }).waitFor();
  t.pass();
});

for (const relay of ['always', 'fallback']) {
  test.serial(
    `a proxy that drops the Upgrade header is named, with the header, and nothing else is (relay: ${relay})`,
    async (t) => {
      const closed = await startClosed(t);
      const { page, proxy } = await openPage(t, browser(), {
        proxied: true,
        until: 'waiting',
        environment: { WARMTERM_RELAY: relay },
        prepare: async ({ page: opening, webserver, proxy: opened }) => {
          webserver.manager.address = { protocol: 'http', host: closed.host, port: closed.port };
          opened.webSockets = 'strip';
          await opening.addInitScript(`window.titles = new Set();
          new MutationObserver(() => {
            if (document.documentElement.dataset.state === 'waiting') window.titles.add(document.querySelector('.status h1').textContent);
          }).observe(document, { subtree: true, childList: true, characterData: true });`);
        },
      });
      await page.getByRole('heading', { name: texts.failures['no-websocket'].title }).waitFor();
      const refusals = proxy.stripped.length;
      await until(() => proxy.stripped.length >= refusals + 1, 'another attempt by the relay');
      await page.getByText(texts.details).click();
      await page.getByText('A WebSocket request arrived without the header Upgrade: websocket').waitFor();
      t.deepEqual(await page.evaluate('[...window.titles]'), [texts.failures['no-websocket'].title]);
      proxy.webSockets = 'pass';
      await page.getByRole('button', { name: texts.now }).click();
      await waitForState(page, 'connected');
    },
  );
}
