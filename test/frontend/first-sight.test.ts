// A new visitor's first view of the page and last view of a terminal, in a real Chromium.

import test from 'ava';
import { devices } from 'playwright-core';
import { texts } from '../../frontend/texts.ts';
import { accessibilityProblems } from '../helpers/frontend-axe.ts';
import { readScreen, shareBrowser, typeText, until, waitForScreen, waitForState } from '../helpers/frontend-browser.ts';
import { cutOff, germanOnNarrowPhone } from '../helpers/frontend-cut-off.ts';
import { openPage } from '../helpers/frontend-page.ts';
import { takeScreenshot } from '../helpers/frontend-screenshot.ts';

const browser = shareBrowser(test);

const logo = 'https://static.example.org/logo.svg';
const branded = { WARMTERM_NAME: 'Tom & Jerry’s <Lab>', WARMTERM_LOGO_URL: logo };
const picture =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"><rect width="40" height="20" fill="#888"/></svg>';

test.serial('welcome: shown once to a new visitor, with the lifetime and the deletion of files', async (t) => {
  const { page, terminal, complaints } = await openPage(t, browser(), {
    greeted: true,
    environment: branded,
    prepare: ({ context }) =>
      context.route(logo, (route) => route.fulfill({ contentType: 'image/svg+xml', body: picture })),
  });
  const welcome = page.getByRole('region', { name: 'Tom & Jerry’s <Lab>: a Linux terminal, only for you' });
  await welcome.getByText(/It runs until \d\d:\d\d.*without input\. When it ends, its files are deleted\./).waitFor();
  await welcome.locator('img').waitFor();
  await page.getByRole('banner').getByRole('img', { name: 'Tom & Jerry’s <Lab>' }).waitFor();
  t.is(await page.title(), 'Tom & Jerry’s <Lab>');
  await page.keyboard.type('ls');
  await until(() => terminal.inputs.join('') === 'ls', 'what is typed, at the shell');
  t.deepEqual(await accessibilityProblems(page), []);
  await takeScreenshot(page, 'first-sight');
  await welcome.getByRole('button', { name: 'Help' }).click();
  const help = page.getByRole('dialog', { name: 'Help · Tom & Jerry’s <Lab>' });
  await help.getByText(texts.help.keep.detail).waitFor();
  await help.getByText(/^It runs until \d\d:\d\d/).waitFor();
  t.is(await welcome.count(), 0);
  await page.reload();
  await waitForState(page, 'connected');
  await waitForScreen(page, 'visitor@terminal');
  t.is(await page.locator('.welcome').count(), 0);
  t.deepEqual(complaints, []);
  await page.getByRole('button', { name: 'Help' }).click();
  await page.getByRole('button', { name: 'Show my terminals' }).click();
  await page.getByRole('dialog', { name: 'Your terminals' }).waitFor();
});

test.serial('welcome: a logo that does not load leaves no gap, and the text fits a narrow phone', async (t) => {
  const { page } = await openPage(t, browser(), {
    greeted: true,
    environment: branded,
    visitor: germanOnNarrowPhone,
    prepare: ({ context }) => context.route(logo, (route) => route.abort()),
  });
  await page.locator('.welcome').waitFor();
  await until(async () => (await page.locator('img').count()) === 0, 'no picture');
  t.deepEqual(await cutOff(page), []);
  await takeScreenshot(page, 'narrow-first-sight');
});

// The output with which tmux 3.3 and 3.5 end a client, with the settings of tmux.conf.
const farewell = '\x1b[1;24r\x1b[m\x1b[?1l\x1b>\x1b[m\x1b[?12l\x1b[?25h\x1b[?1006l\x1b[?1049l[exited]\r\n';

test.serial('end: the last screen stays, and can be copied', async (t) => {
  const lines = Array.from({ length: 60 }, (_, line) => `line ${line}`).join('\r\n');
  const { page, terminal } = await openPage(t, browser(), {
    visitor: { permissions: ['clipboard-read', 'clipboard-write'], viewport: { width: 900, height: 500 } },
    prepare: (parts) => {
      parts.terminal.greet = (socket) =>
        socket.emit('output', Buffer.from(`\x1b[?1049h\x1b[?1002h\x1b[?1006h${lines}\r\n$ exit\r\nlastword`));
    },
  });
  await waitForScreen(page, 'lastword');
  const { rows } = terminal.handshakes[0]!.size;
  terminal.output(farewell);
  for (const socket of terminal.sockets) socket.emit('ended', 'exit');
  await waitForState(page, 'ended');
  const screen = await readScreen(page);
  t.true(screen.includes('lastword'));
  t.false(screen.includes('[exited]'));
  t.is(screen.split('\n').length, rows, 'it is not fitted anew');
  const last = page.locator('.xterm-rows > div', { hasText: 'lastword' });
  const card = page.getByRole('alertdialog', { name: texts.endings.exit.title });
  await until(async () => {
    const [line, below] = await Promise.all([last.boundingBox(), card.boundingBox()]);
    return line!.y + line!.height <= below!.y;
  }, 'the last line above the card');
  t.is(await page.evaluate("getComputedStyle(document.querySelector('#terminal')).opacity"), '1');
  const box = await last.boundingBox();
  await page.mouse.dblclick(box!.x + 20, box!.y + 8);
  await until(
    async () => (await page.evaluate<string>('navigator.clipboard.readText()')) === 'lastword',
    'the word on the clipboard',
  );
  t.deepEqual(await accessibilityProblems(page), []);
  await page.mouse.wheel(0, -5_000);
  await until(
    async () => (await page.evaluate("document.querySelector('#terminal').scrollTop")) === 0,
    'the first line',
  );
  terminal.greet = (socket) => socket.emit('output', Buffer.from('another one'));
  await card.getByRole('button').click();
  await waitForScreen(page, /^another one/);
  await typeText(page, 'x');
  await until(() => terminal.inputs.includes('x'), 'a key at the new terminal');
});

test.serial('emulation of a screen with fractional pixels shows text of the right size', async (t) => {
  const { defaultBrowserType: _, ...pixel } = devices['Pixel 5']!;
  const { page } = await openPage(t, browser(), { path: '/', visitor: pixel });
  await waitForState(page, 'connected');
  await page.locator('html[data-renderer]').waitFor({ state: 'attached' });
  t.is(await page.locator('html').getAttribute('data-renderer'), 'dom');
  await takeScreenshot(page, 'pixel');
});
