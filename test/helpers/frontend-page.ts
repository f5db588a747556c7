// The page in a real browser, with the real webserver behind it, and doubles of the manager and a terminal behind that.

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
  /** In front of the webserver, where the page was opened through one. */
  proxy: FaultyProxy;
  /** What the browser had to say on its console, and errors that nobody caught. */
  complaints: string[];
};

export type PageOptions = {
  path?: string;
  environment?: Record<string, string>;
  /** Whether the terminal pings as often as a real one. */
  pings?: boolean;
  /** Of the visitor's browser: colour scheme, permissions, size. */
  visitor?: BrowserContextOptions;
  /** Whether the visitor is greeted as a new one. */
  greeted?: boolean;
  /** Whether the page is opened through a proxy. */
  proxied?: boolean;
  /** Called before the page is opened. */
  prepare?: (parts: Omit<OpenPage, 'complaints'>) => unknown;
  /** Which state to wait for; none when false. */
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

// Software drivers of WebGL complain of themselves, a browser of a machine whose interfaces come and go, and xterm.js of one
// that is busy.
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
