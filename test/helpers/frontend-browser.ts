// A real Chromium for tests, with functions that read its terminal and type into it.

import type { ExecutionContext, TestFn } from 'ava';
import { type Browser, chromium, type Page } from 'playwright-core';
import { poll } from './poll.ts';
import { processScope, type Scope } from './scope.ts';

// The timeout for what a page shows. Only an overloaded machine comes near to it.
const patienceMs = 60_000;

const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Where the page keeps its visitor's id. */
export const visitorKey = 'warmterm-visitor';

/** Marks the visitor of a context as a returning one. The greeting of new visitors covers a part of the terminal. */
export const asKnownVisitor = { content: "try { localStorage.setItem('warmterm-greeted', 'yes') } catch {}" };

/** The Chromium that local/setup/ found. */
export function findChromium(): string {
  const { CHROMIUM_PATH } = process.env;
  if (CHROMIUM_PATH === undefined) throw new Error('CHROMIUM_PATH is not set: run this with npm.');
  return CHROMIUM_PATH;
}

/** Starts a browser with an empty profile. Each of its contexts is a separate visitor. The caller closes the browser. */
export const launchBrowser = (more: string[] = []): Promise<Browser> =>
  chromium.launch({ executablePath: findChromium(), headless: true, args: [...args, ...more] });

/** Starts a browser with the switches `more`, and closes it after the test. */
export async function openBrowser(t: Pick<ExecutionContext, 'teardown'>, more: string[] = []): Promise<Browser> {
  const browser = await launchBrowser(more);
  t.teardown(() => browser.close());
  return browser;
}

let shared: Promise<Browser> | undefined;
let sharing: Scope | undefined;

/** One browser for the tests of a process: call the result within a test. Each test opens and closes its own contexts. */
export function shareBrowser(test: TestFn): () => Browser {
  sharing ??= processScope(test);
  const scope = sharing;
  let browser: Browser;
  test.serial.before(async () => {
    shared ??= openBrowser(scope);
    browser = await shared;
  });
  return () => browser;
}

/** The text on the terminal's screen, one line per row; the page must be opened with `?renderer=dom`. */
export async function readScreen(page: Page): Promise<string> {
  const rows = await page.locator('.xterm-rows > div').allTextContents();
  return rows.map((row) => row.replaceAll('\u00a0', ' ').trimEnd()).join('\n');
}

// Resolves when the screen changes, or after 0.1 s, because it may have changed just before.
const nextChange = `new Promise((resolve) => {
  const observer = new MutationObserver(resolve);
  observer.observe(document.querySelector('.xterm-rows') ?? document, { subtree: true, childList: true, characterData: true });
  setTimeout(() => { observer.disconnect(); resolve(); }, 100);
})`;

/** Waits until the screen shows `what`, and returns the screen. A failure shows the last screen and the last state of the page. */
export async function waitForScreen(page: Page, what: string | RegExp, timeoutMs = patienceMs): Promise<string> {
  const shows = (screen: string) => (typeof what === 'string' ? screen.includes(what) : what.test(screen));
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const screen = await readScreen(page);
    if (shows(screen)) return screen;
    if (Date.now() > deadline) {
      const state = await page.locator('html').getAttribute('data-state');
      throw new Error(`The screen does not show ${what}, and the page is ${state}:\n${screen}`);
    }
    // A page that reloads does not answer.
    await page.evaluate(nextChange).catch(() => {});
  }
}

/** Waits until the session is in `state`, as the page shows it. */
export async function waitForState(page: Page, state: string, timeoutMs = patienceMs): Promise<void> {
  await page.locator(`html[data-state="${state}"]`).waitFor({ state: 'attached', timeout: timeoutMs });
}

/** Types into the terminal by keyboard; `\n` is Enter. */
export async function typeText(page: Page, text: string): Promise<void> {
  await page.locator('.xterm-helper-textarea').focus();
  for (const [at, line] of text.split('\n').entries()) {
    if (at > 0) await page.keyboard.press('Enter');
    if (line !== '') await page.keyboard.type(line);
  }
}

/** Types a command and waits for its output. */
export async function stillAnswers(page: Page, word: string): Promise<void> {
  await typeText(page, `echo ${word}-$((1 + 1))\n`);
  await waitForScreen(page, new RegExp(`^${word}-2$`, 'm'));
}

/** Waits until `shows` holds. */
export async function until(shows: () => boolean | Promise<boolean>, what: string): Promise<void> {
  if (!(await poll(shows, patienceMs))) throw new Error(`It never came to this: ${what}`);
}
