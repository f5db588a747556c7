// How the page draws attention, in a real Chromium: the bell, the title and the icon of its tab, and where links lead.

import test from 'ava';
import type { Page } from 'playwright-core';
import { shareBrowser, typeText, until, waitForScreen, waitForState } from '../helpers/frontend-browser.ts';
import { openPage } from '../helpers/frontend-page.ts';

const browser = shareBrowser(test);

const icon = (page: Page) => page.locator('link[rel="icon"]').getAttribute('href');
// Test browsers never hide a page.
const hide = (page: Page, hidden: boolean) =>
  page.evaluate(`Object.defineProperty(document, 'visibilityState', { value: '${hidden ? 'hidden' : 'visible'}', configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));`);

// Replaces effects that a test cannot see or hear.
const recorders = `window.told = [];
  window.AudioContext = class {
    currentTime = 0;
    createOscillator() { return { frequency: {}, connect: (to) => to, start: () => window.told.push('sound'), stop() {} }; }
    createGain() { return { gain: { setValueAtTime() {}, exponentialRampToValueAtTime() {} }, connect: (to) => to }; }
  };
  window.Notification = class {
    static permission = 'granted';
    static requestPermission = async () => window.allowed ?? 'granted';
    constructor(title, { body }) { window.told.push(title + ': ' + body); }
  };
  new MutationObserver(() => {
    if (document.documentElement.dataset.bell) window.told.push('flash');
  }).observe(document, { subtree: true, attributeFilter: ['data-bell'] });`;
const told = (page: Page) => page.evaluate<string>('window.told.join()');

test.serial('signals: the bell flashes as set; in a hidden page it notifies and marks the tab', async (t) => {
  const { page, terminal } = await openPage(t, browser(), {
    prepare: ({ page: opening }) => opening.addInitScript({ content: recorders }),
  });
  terminal.output('\x1b]0;make\x07\x07');
  await until(async () => (await told(page)) === 'flash', 'a flash');
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByLabel('Flash').uncheck();
  await page.getByLabel('Sound').check();
  await page.getByLabel('Notify me when this tab is hidden').check();
  await page.keyboard.press('Escape');
  const usual = await icon(page);
  await hide(page, true);
  await page.evaluate('window.told.length = 0');
  // A person cannot tell two bells in quick succession apart.
  await until(async () => {
    terminal.output('\x07');
    return (await told(page)) === 'sound,make: The bell rang';
  }, 'a sound and a notification');
  await until(async () => (await page.title()) === '🔔 make', 'a title that tells it');
  t.regex(String(await icon(page)), /favicon-bell/);
  await hide(page, false);
  await until(async () => (await page.title()) === 'make', 'the title as it was');
  t.is(await icon(page), usual);
});

test.serial('signals: without permission for notifications the page says so, and the setting stays off', async (t) => {
  const { page } = await openPage(t, browser(), {
    prepare: ({ page: opening }) => opening.addInitScript({ content: `${recorders} window.allowed = 'denied';` }),
  });
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByLabel('Notify me when this tab is hidden').click();
  await page.getByText('Your browser does not allow this page to notify you.').waitFor();
  t.false(await page.getByLabel('Notify me when this tab is hidden').isChecked());
});

test.serial('signals: title and icon show the loss and the return of the connection', async (t) => {
  const { page, terminal } = await openPage(t, browser());
  terminal.output('\x1b]0;make\x07');
  await until(async () => (await page.title()) === 'make', 'the title that the shell set');
  const usual = await icon(page);
  await terminal.close();
  await until(async () => (await page.title()) === 'Reconnecting · make', 'a title that tells it');
  t.regex(String(await icon(page)), /favicon-wait/);
  await terminal.listen();
  await waitForState(page, 'connected');
  t.is(await icon(page), usual);
});

test.serial('signals: every icon that the page names exists', async (t) => {
  const { page } = await openPage(t, browser());
  const names = await page.evaluate<string[]>(
    `Object.values(document.querySelector('link[rel="icon"]').dataset).concat(document.querySelector('link[rel="icon"]').href)`,
  );
  t.is(names.length, 5);
  for (const name of names) t.is((await page.request.get(new URL(name, page.url()).href)).status(), 200, name);
});

test.serial('signals: links open in a new tab, and the bar shows their target first', async (t) => {
  const { page, context, terminal, webserver } = await openPage(t, browser());
  const [plain, hidden] = [`${webserver.url}/healthz?1`, `${webserver.url}/healthz?2`];
  terminal.output(
    `\x1b[2J\x1b[H${plain}\r\n\x1b]8;;${hidden}\x07click here\x1b]8;;\x07\r\n\x1b]8;;javascript:alert(1)\x07never\x1b]8;;\x07`,
  );
  await waitForScreen(page, 'click here');
  for (const [y, uri] of [
    [8, plain],
    [26, hidden],
  ] as const) {
    await page.locator('.xterm-screen').hover({ position: { x: 30, y } });
    await page.getByRole('banner').getByText(uri).waitFor();
    const opened = context.waitForEvent('page');
    await page.locator('.xterm-screen').click({ position: { x: 30, y } });
    await (await opened).waitForURL(uri);
    t.is(await (await opened).evaluate('window.opener'), null);
    await (await opened).close();
  }
  await page.locator('.xterm-screen').click({ position: { x: 20, y: 44 } });
  await typeText(page, 'x');
  await waitForScreen(page, 'x');
  t.is(context.pages().length, 1, 'nothing but http and https is opened');
});

test.serial('signals: composed input arrives once, when it is complete', async (t) => {
  const { page, context, terminal } = await openPage(t, browser());
  await page.locator('.xterm-helper-textarea').focus();
  const devtools = await context.newCDPSession(page);
  for (const text of ['k', 'かん', '漢字']) {
    await devtools.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length });
  }
  t.deepEqual(terminal.inputs, [], 'nothing while it is composed');
  await devtools.send('Input.insertText', { text: '漢字' });
  await waitForScreen(page, '漢字');
  t.is(terminal.inputs.join(''), '漢字');
});

test.serial('signals: emoji and combining characters take the cells that programs expect', async (t) => {
  const { page, terminal } = await openPage(t, browser());
  // Four cells each, as tmux counts, and then a bar. A skin tone has cells of its own there, which only the other renderer
  // shows: what is text to the browser is drawn as one sign.
  const clusters = ['漢字', '👨‍👩‍👧ab', 'e\u0301abc', '🇩🇪ab', '❤️abc', 'ก็abc'];
  terminal.output(`\x1b[2J\x1b[H${clusters.map((text) => `${text}|\r\n`).join('')}`);
  await waitForScreen(page, 'ก็abc|');
  const bars = await page.evaluate<
    number[]
  >(`[...document.querySelectorAll('.xterm-rows > div')].slice(0, ${clusters.length}).map((row) => {
    const text = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
    for (let node = text.nextNode(); node; node = text.nextNode()) {
      const at = node.data.indexOf('|');
      if (at < 0) continue;
      const range = document.createRange();
      range.setStart(node, at);
      range.setEnd(node, at + 1);
      return range.getBoundingClientRect().left - row.getBoundingClientRect().left;
    }
  })`);
  const cell = bars[0]! / 4;
  t.deepEqual(
    bars.map((left) => Math.round(left / cell)),
    clusters.map(() => 4),
  );
});
