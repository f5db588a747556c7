// The page under touch input, in a Chromium that emulates a phone.

import test from 'ava';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { accessibilityProblems } from '../helpers/frontend-axe.ts';
import { shareBrowser, until, waitForScreen, waitForState } from '../helpers/frontend-browser.ts';
import { type OpenPage, openPage } from '../helpers/frontend-page.ts';
import { takeScreenshot } from '../helpers/frontend-screenshot.ts';

const browser = shareBrowser(test);

const phone: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  hasTouch: true,
  isMobile: true,
  permissions: ['clipboard-read', 'clipboard-write'],
};
const key = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

/** Puts a finger down, moves it along `path`, and lifts it. */
async function drag({ page, context }: OpenPage, path: [number, number][], rest?: () => Promise<unknown>) {
  const devtools = await context.newCDPSession(page);
  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', points: [number, number][]) =>
    devtools.send('Input.dispatchTouchEvent', { type, touchPoints: points.map(([x, y]) => ({ x, y })) });
  const [start, ...rest_] = path;
  await touch('touchStart', [start!]);
  await rest?.();
  for (const point of rest_) await touch('touchMove', [point]);
  await touch('touchEnd', []);
}

test.serial('phone: the key row has the keys that touch keyboards lack, without findings of axe', async (t) => {
  const { page, terminal, complaints } = await openPage(t, browser(), { visitor: phone });
  await page.locator('.xterm-screen').tap();
  for (const name of ['Esc', 'Tab', 'Left', 'Down', 'Up', 'Right', '|', '~', '/', '-']) await key(page, name).tap();
  await until(() => terminal.inputs.join('') === '\x1b\t\x1b[D\x1b[B\x1b[A\x1b[C|~/-', 'every key once');
  terminal.inputs.length = 0;
  for (const name of [
    'Ctrl+C: stop the program',
    'To the start of the line',
    'To the end of the line',
    'Page up',
    'Page down',
  ])
    await key(page, name).tap();
  await until(() => terminal.inputs.join('') === '\x03\x1b[H\x1b[F\x1b[5~\x1b[6~', 'keys that stand for more');
  terminal.output(
    '\x1b[?1h\r\nvisitor@terminal:~$ git status\r\nOn branch main\r\nnothing to commit\r\nvisitor@terminal:~$ ',
  );
  await waitForScreen(page, 'nothing to commit');
  terminal.inputs.length = 0;
  await key(page, 'Up').tap();
  await until(() => terminal.inputs.join('') === '\x1bOA', 'an arrow as the program asked for it');
  t.is(await page.evaluate('document.activeElement.className'), 'xterm-helper-textarea', 'the keyboard stays');
  t.deepEqual(await accessibilityProblems(page), []);
  await takeScreenshot(page, 'phone');
  t.deepEqual(complaints, []);
});

test.serial('phone: Ctrl and Alt apply to the next key; a second tap locks them until a third', async (t) => {
  const { page, terminal } = await openPage(t, browser(), { visitor: phone });
  await page.locator('.xterm-screen').tap();
  const typed = async (expected: string) => {
    await until(() => terminal.inputs.join('') === expected, JSON.stringify(expected));
    terminal.inputs.length = 0;
  };
  await key(page, 'Ctrl').tap();
  t.is(await key(page, 'Ctrl').getAttribute('aria-pressed'), 'true');
  await takeScreenshot(page, 'phone-ctrl');
  await page.keyboard.type('cc');
  await typed('\x03c');
  await key(page, 'Alt').tap();
  await key(page, 'Left').tap();
  await typed('\x1b[1;3D');
  await key(page, 'Ctrl').tap();
  await key(page, 'Ctrl').tap();
  await page.keyboard.type('ab');
  await takeScreenshot(page, 'phone-locked');
  t.deepEqual(await accessibilityProblems(page), []);
  await key(page, 'Ctrl, locked').tap();
  t.is(await key(page, 'Ctrl').getAttribute('aria-pressed'), 'false');
  await page.keyboard.type('c');
  await typed('\x01\x02c');
});

test.serial('phone: holding an arrow repeats it', async (t) => {
  const opened = await openPage(t, browser(), { visitor: phone });
  const box = await key(opened.page, 'Left').boundingBox();
  await drag(opened, [[box!.x + 5, box!.y + 10]], () =>
    until(() => opened.terminal.inputs.length >= 3, 'the key for the third time'),
  );
  const { length } = opened.terminal.inputs;
  await key(opened.page, 'Tab').tap();
  await until(() => opened.terminal.inputs.includes('\t'), 'another key');
  t.true(opened.terminal.inputs.length <= length + 2, 'it does not go on when the finger is gone');
});

test.serial('phone: the setting shows or hides the key row', async (t) => {
  const { page, terminal } = await openPage(t, browser());
  t.is(await page.locator('.key-row').count(), 0, 'a mouse needs none');
  await key(page, 'Settings').click();
  await page.getByLabel('Row of keys').selectOption('Always');
  await page.locator('.key-row').waitFor();
  await page.keyboard.press('Escape');
  await key(page, 'Esc').focus();
  await page.keyboard.press('Enter');
  await until(() => terminal.inputs.join('') === '\x1b', 'the key, by the keyboard');
  await key(page, 'Settings').click();
  await page.getByLabel('Row of keys').selectOption('Never');
  await page.locator('.key-row').waitFor({ state: 'hidden' });
  t.pass();
});

test.serial('phone: an on-screen keyboard shrinks the view, zooming in does not', async (t) => {
  const { page, terminal } = await openPage(t, browser(), { visitor: phone });
  const { rows } = terminal.handshakes[0]!.size;
  const keyboard = (height: number, scale = 1) =>
    page.evaluate(`for (const [name, value] of [['height', ${height}], ['scale', ${scale}]])
        Object.defineProperty(visualViewport, name, { value, configurable: true });
      visualViewport.dispatchEvent(new Event('resize'));`);
  await keyboard(500);
  await until(() => (terminal.sizes.at(-1)?.rows ?? rows) < rows, 'fewer rows');
  const box = await page.locator('.key-row').boundingBox();
  t.is(Math.round(box!.y + box!.height), 500, 'the row of keys is right above the keyboard');
  await takeScreenshot(page, 'phone-keyboard');
  await keyboard(844);
  await until(() => terminal.sizes.at(-1)?.rows === rows, 'as many rows as before');
  await keyboard(300, 2.5);
  t.is(terminal.sizes.at(-1)?.rows, rows);
});

test.serial('phone: a drag sends wheel events to programs with the mouse, and cursor keys to others', async (t) => {
  const opened = await openPage(t, browser(), { visitor: phone });
  const { terminal } = opened;
  const wheel = (from: number, to: number) => {
    const steps = Array.from({ length: 9 }, (_, step): [number, number] => [100, from + ((to - from) * step) / 8]);
    return drag(opened, steps);
  };
  terminal.output('\x1b[?1002h\x1b[?1006hmouse on');
  await waitForScreen(opened.page, 'mouse on');
  await wheel(200, 420);
  await until(() => /^(\x1b\[<64;\d+;\d+M){3,}$/.test(terminal.inputs.join('')), 'the wheel turned up');
  terminal.inputs.length = 0;
  await wheel(420, 200);
  await until(() => /^(\x1b\[<65;\d+;\d+M){3,}$/.test(terminal.inputs.join('')), 'the wheel turned down');
  terminal.inputs.length = 0;
  terminal.output('\x1b[?1002l\x1b[?1049hfull screen');
  await waitForScreen(opened.page, 'full screen');
  await wheel(420, 200);
  await until(() => /^(\x1b\[B){3,}$/.test(terminal.inputs.join('')), 'the cursor went down');
  t.pass();
});

test.serial('phone: a long press selects a word, a drag extends it, and a menu copies it', async (t) => {
  const opened = await openPage(t, browser(), { visitor: phone });
  const { page, terminal } = opened;
  terminal.output('\x1b[?1002h\x1b[?1006h\x1b[2J\x1b[Hcat ~/notes.txt now\r\nand more\r\n');
  await waitForScreen(page, 'and more');
  const screen = await page.locator('.xterm-screen').boundingBox();
  const { cols, rows } = terminal.handshakes[0]!.size;
  const at = (column: number, row: number): [number, number] => [
    screen!.x + ((column + 0.5) * screen!.width) / cols,
    screen!.y + ((row + 0.5) * screen!.height) / rows,
  ];
  const selected = () => page.locator('.xterm-selection div').first().waitFor({ state: 'attached' });
  const gone = () => page.locator('.xterm-selection div').first().waitFor({ state: 'detached' });
  const copied = (text: string) =>
    until(async () => (await page.evaluate('navigator.clipboard.readText()')) === text, `${text} in the clipboard`);
  await drag(opened, [at(7, 0)], selected);
  const menu = page.getByRole('region', { name: 'Selection' });
  await menu.waitFor();
  t.deepEqual(await accessibilityProblems(page), []);
  await takeScreenshot(page, 'phone-selection');
  await menu.getByRole('button', { name: 'Copy' }).tap();
  await copied('~/notes.txt');
  await gone();
  await drag(opened, [at(7, 0), at(4, 1), at(2, 1)], selected);
  await menu.getByRole('button', { name: 'Copy' }).tap();
  await copied('~/notes.txt now\nand');
  await gone();
  t.deepEqual(terminal.inputs, [], 'none of it reached the program');
  await drag(opened, [at(7, 0)], selected);
  await menu.getByRole('button', { name: 'Paste' }).tap();
  await page.getByRole('dialog', { name: 'Paste 2 lines?' }).waitFor();
  await page.keyboard.press('Escape');
  await page.locator('.xterm-screen').tap({ position: { x: 50, y: 200 } });
  await gone();
});

test.serial('phone: reconnects at once after waking up', async (t) => {
  const { page, terminal } = await openPage(t, browser(), { visitor: phone });
  await terminal.close();
  await page.getByText(/Trying again in [2-5] s/).waitFor();
  await takeScreenshot(page, 'phone-reconnecting');
  await terminal.listen();
  await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
  await waitForState(page, 'connected');
  t.pass();
});

test.serial('phone: the page can be installed', async (t) => {
  const { page, context } = await openPage(t, browser(), { visitor: phone });
  const devtools = await context.newCDPSession(page);
  const { errors, data } = await devtools.send('Page.getAppManifest');
  t.deepEqual(errors, []);
  const manifest = JSON.parse(data ?? '{}') as { display: string; icons: { src: string; type: string }[] };
  t.is(manifest.display, 'standalone');
  for (const { src, type } of manifest.icons) {
    const response = await page.request.get(new URL(src, page.url()).href);
    t.regex(response.headers()['content-type'] ?? '', new RegExp(type.replace('+', '\\+')), src);
  }
  const { installabilityErrors } = await devtools.send('Page.getInstallabilityErrors');
  t.deepEqual(
    installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito'),
    [],
  );
});
