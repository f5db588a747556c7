// A real Chromium for tests, and eyes and fingers for the terminal in its pages.

import type { ExecutionContext, TestFn } from 'ava';
import { type Browser, chromium, type Page } from 'playwright-core';
import { poll } from './poll.ts';
import { processScope, type Scope } from './scope.ts';

// How long a test waits for what a page shows. Nothing here takes so long, except on a machine that runs much else.
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

/** For a context: its visitor has been here before. The greeting of new visitors lies over a part of the terminal. */
export const asKnownVisitor = { content: "try { localStorage.setItem('warmterm-greeted', 'yes') } catch {}" };

/** The Chromium that local/setup/ has found. */
export function findChromium(): string {
  const { CHROMIUM_PATH } = process.env;
  if (CHROMIUM_PATH === undefined) throw new Error('CHROMIUM_PATH is not set: run this with npm.');
  return CHROMIUM_PATH;
}

/** Starts a browser with an empty profile. Each of its contexts is a separate visitor. The caller closes it. */
export const launchBrowser = (more: string[] = []): Promise<Browser> =>
  chromium.launch({ executablePath: findChromium(), headless: true, args: [...args, ...more] });

/** Starts a browser, with `more` switches, that is closed after the test. */
export async function openBrowser(t: Pick<ExecutionContext, 'teardown'>, more: string[] = []): Promise<Browser> {
  const browser = await launchBrowser(more);
  t.teardown(() => browser.close());
  return browser;
}

let shared: Promise<Browser> | undefined;
let sharing: Scope | undefined;

/** One browser for the tests of a process: call the result within a test. Each test opens and closes contexts of its own. */
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

// Resolves when the screen has changed, or after a tenth of a second: it may have changed just before.
const nextChange = `new Promise((resolve) => {
  const observer = new MutationObserver(resolve);
  observer.observe(document.querySelector('.xterm-rows') ?? document, { subtree: true, childList: true, characterData: true });
  setTimeout(() => { observer.disconnect(); resolve(); }, 100);
})`;

/** Waits until the screen shows `what`, and returns it. Fails with the screen and the page's state as they were last. */
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
    // A page that is being reloaded has no answer.
    await page.evaluate(nextChange).catch(() => {});
  }
}

/** Waits until the session is in `state`, as the page shows it. */
export async function waitForState(page: Page, state: string, timeoutMs = patienceMs): Promise<void> {
  await page.locator(`html[data-state="${state}"]`).waitFor({ state: 'attached', timeout: timeoutMs });
}

/** Types into the terminal as a person does; `\n` is Enter. */
export async function typeText(page: Page, text: string): Promise<void> {
  await page.locator('.xterm-helper-textarea').focus();
  for (const [at, line] of text.split('\n').entries()) {
    if (at > 0) await page.keyboard.press('Enter');
    if (line !== '') await page.keyboard.type(line);
  }
}

/** Types a command, and sees its answer: the terminal works. */
export async function stillAnswers(page: Page, word: string): Promise<void> {
  await typeText(page, `echo ${word}-$((1 + 1))\n`);
  await waitForScreen(page, new RegExp(`^${word}-2$`, 'm'));
}

/** Waits until `shows` holds. */
export async function until(shows: () => boolean | Promise<boolean>, what: string): Promise<void> {
  if (!(await poll(shows, patienceMs))) throw new Error(`It never came to this: ${what}`);
}
