// The page in a real browser, with the real webserver, and doubles of the manager and a terminal.

import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { asKnownVisitor, waitForState } from './frontend-browser.ts';
import { type FaultyProxy, startFaultyProxy } from './frontend-faulty-proxy.ts';
import { startTerminal, type TerminalDouble } from './frontend-terminal.ts';
import { startWebserver, type Webserver } from './webserver-app.ts';
import type { Teardown } from './webserver-listen.ts';

export type OpenPage = {
  page: Page;
  context: BrowserContext;
  webserver: Webserver;
  terminal: TerminalDouble;
  /** The proxy in front of the webserver, if the page was opened through one. */
  proxy: FaultyProxy;
  /** Console messages of the browser, and uncaught errors. */
  complaints: string[];
};

export type PageOptions = {
  path?: string;
  environment?: Record<string, string>;
  /** Whether the terminal pings as often as a real one does. */
  pings?: boolean;
  /** Settings of the browser: colour scheme, permissions, size. */
  visitor?: BrowserContextOptions;
  /** Whether the page greets the visitor as a new one. */
  greeted?: boolean;
  /** Whether to open the page through a proxy. */
  proxied?: boolean;
  /** Called before the page opens. */
  prepare?: (parts: Omit<OpenPage, 'complaints'>) => unknown;
  /** The state to wait for; false: none. */
  until?: string | false;
};

/** Opens `path` as a new visitor and waits until the session is connected. */
export async function openPage(t: Teardown, browser: Browser, options: PageOptions = {}): Promise<OpenPage> {
  const { path = '/?renderer=dom', environment = {}, visitor, prepare, pings = false, until = 'connected' } = options;
  const { proxied = false, greeted = false } = options;
  const [webserver, terminal, context] = await Promise.all([
    startWebserver(t, environment),
    startTerminal(t, { pings }),
    browser.newContext(visitor),
  ]);
  t.teardown(() => context.close());
  webserver.manager.address = { protocol: 'http', host: terminal.host, port: terminal.port };
  webserver.manager.podAddress = { host: terminal.host, port: terminal.port };
  if (!greeted) await context.addInitScript(asKnownVisitor);
  const page = await context.newPage();
  const complaints = listenForComplaints(page);
  const proxy = await startFaultyProxy(t, webserver.url);
  await prepare?.({ page, context, webserver, terminal, proxy });
  await page.goto((proxied ? proxy.url : webserver.url) + path);
  if (until !== false) await waitForState(page, until);
  return { page, context, webserver, terminal, proxy, complaints };
}

// Ignore warnings of software WebGL drivers, of a browser whose network interfaces change, and of xterm.js on a
// busy machine.
const notOurs = /GL Driver Message|ERR_NETWORK_CHANGED|task queue exceeded/;

function listenForComplaints(page: Page): string[] {
  const complaints: string[] = [];
  page.on('console', (message) => {
    const text = message.text();
    if (['warning', 'error'].includes(message.type()) && !notOurs.test(text)) complaints.push(text);
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return complaints;
}
