// A real Chromium for tests, and eyes and fingers for the terminal in its pages.

import { accessSync, constants } from 'node:fs';
import type { ExecutionContext } from 'ava';
import { type Browser, chromium, type Page } from 'playwright-core';

const candidates = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The Chromium to test with: CHROMIUM_PATH, or where systems have it. Throws when there is none. */
export function findChromium(): string {
  const path = [process.env.CHROMIUM_PATH, ...candidates].find((one) => one !== undefined && isExecutable(one));
  if (path === undefined) throw new Error('There is no Chromium here: install one, or name it in CHROMIUM_PATH.');
  return path;
}

/** Starts a browser with an empty profile. Each of its contexts is a visitor of its own. Whoever starts it closes it. */
export const launchBrowser = (more: string[] = []): Promise<Browser> =>
  chromium.launch({ executablePath: findChromium(), headless: true, args: [...args, ...more] });

/** Starts a browser, with `more` switches, that is closed after the test. */
export async function openBrowser(t: Pick<ExecutionContext, 'teardown'>, more: string[] = []): Promise<Browser> {
  const browser = await launchBrowser(more);
  t.teardown(() => browser.close());
  return browser;
}

/** The text on the terminal's screen, one line per row; the page must be opened with `?renderer=dom`. */
export async function readScreen(page: Page): Promise<string> {
  const rows = await page.locator('.xterm-rows > div').allTextContents();
  return rows.map((row) => row.replaceAll('\u00a0', ' ').trimEnd()).join('\n');
}

/** Waits until the screen shows `what`, and returns it. Fails with the screen as it was last. */
export async function waitForScreen(page: Page, what: string | RegExp, timeoutMs = 10_000): Promise<string> {
  const shows = (screen: string) => (typeof what === 'string' ? screen.includes(what) : what.test(screen));
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const screen = await readScreen(page);
    if (shows(screen)) return screen;
    if (Date.now() > deadline) throw new Error(`The screen does not show ${what}:\n${screen}`);
    await page.evaluate('new Promise((resolve) => requestAnimationFrame(resolve))');
  }
}

/** Waits until the session is in `state`, as the page shows it. */
export async function waitForState(page: Page, state: string, timeoutMs = 10_000): Promise<void> {
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
  const deadline = Date.now() + 10_000;
  while (!(await shows())) {
    if (Date.now() > deadline) throw new Error(`It never came to this: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
