// Copying and pasting, in a real Chromium.

import test from 'ava';
import type { Page } from 'playwright-core';
import { accessibilityProblems } from '../helpers/frontend-axe.ts';
import { shareBrowser, typeText, until, waitForScreen } from '../helpers/frontend-browser.ts';
import { openPage, type PageOptions } from '../helpers/frontend-page.ts';
import { takeScreenshot } from '../helpers/frontend-screenshot.ts';

const browser = shareBrowser(test);

const prompt = 'visitor@terminal:~$';
const visitor = { permissions: ['clipboard-read', 'clipboard-write'] };
// Used instead of `waitForFunction`, which needs the eval that the page's policy forbids.
const clipboard = (page: Page) => page.evaluate<string>('navigator.clipboard.readText()');
const copies = (text: string, target = '') => `\x1b]52;${target};${Buffer.from(text).toString('base64')}\x07`;
const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
const question = 'A program in this terminal wants to copy to your clipboard.';
const set = (settings: object): Pick<PageOptions, 'prepare'> => ({
  prepare: ({ page }) => page.addInitScript(`localStorage.setItem('warmterm-settings', '${JSON.stringify(settings)}')`),
});

async function paste(page: Page, text: string): Promise<void> {
  await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`);
  await page.locator('.xterm-helper-textarea').focus();
  await page.keyboard.press('Control+Shift+V');
}

test.serial('copy: a program that copies needs permission once for each terminal, and never reads', async (t) => {
  const { page, terminal } = await openPage(t, browser(), { visitor });
  terminal.output(copies('from tmux é'));
  await page.getByText(question).waitFor();
  t.deepEqual(await accessibilityProblems(page), []);
  await takeScreenshot(page, 'clipboard-question');
  await page.evaluate("navigator.clipboard.writeText('former')");
  await press(page, 'Allow');
  await until(async () => (await clipboard(page)) === 'from tmux é', 'the text in the clipboard');
  await page.getByText('Copied').waitFor();
  terminal.output(copies('another', 'c'));
  await until(async () => (await clipboard(page)) === 'another', 'the other, without a question');
  await page.reload();
  await waitForScreen(page, prompt);
  terminal.output(copies('after a reload', 'p'));
  await until(async () => (await clipboard(page)) === 'after a reload', 'the third, without a question');
  terminal.output('\x1b]52;c;?\x07asked');
  await waitForScreen(page, 'asked');
  await typeText(page, 'x');
  await until(() => terminal.inputs.join('').endsWith('x'), 'the key typed');
  t.regex(terminal.inputs.join(''), /^\x1b\]52;c;(\x07|\x1b\\)x$/, 'the answer holds nothing');
});

test.serial('copy: a refused program copies nothing, and causes no further question', async (t) => {
  const { page, terminal } = await openPage(t, browser(), { visitor });
  await page.evaluate("navigator.clipboard.writeText('mine')");
  terminal.output(copies('theirs'));
  await page.getByText(question).waitFor();
  await press(page, 'Do not allow');
  terminal.output(`${copies('theirs')}seen`);
  await waitForScreen(page, 'seen');
  t.is(await page.getByText(question).isVisible(), false);
  t.is(await clipboard(page), 'mine');
});

test.serial('copy: the setting takes the place of the question', async (t) => {
  const allowed = await openPage(t, browser(), { visitor, ...set({ programsCopy: 'allow' }) });
  allowed.terminal.output(copies('at once'));
  await until(async () => (await clipboard(allowed.page)) === 'at once', 'the text in the clipboard');
  const denied = await openPage(t, browser(), { visitor, ...set({ programsCopy: 'deny' }) });
  denied.terminal.output(`${copies('never')}seen`);
  await waitForScreen(denied.page, 'seen');
  t.is(await denied.page.getByText(question).isVisible(), false);
  t.not(await clipboard(denied.page), 'never');
});

test.serial('copy: without the browser’s permission, the page says so and offers a button', async (t) => {
  const { page, terminal } = await openPage(t, browser(), {
    visitor,
    prepare: ({ page: opening }) =>
      opening.addInitScript(`localStorage.setItem('warmterm-settings', '{"programsCopy":"allow"}');
        window.tried = [];
        navigator.clipboard.writeText = async () => { throw new Error('not allowed'); };
        document.execCommand = (command) => window.tried.push(command) > 1;`),
  });
  terminal.output(copies('stubborn'));
  await page.getByText('Your browser did not let this page copy.').waitFor();
  await press(page, 'Copy');
  await until(async () => (await page.evaluate<string>('window.tried.join()')) === 'copy,copy', 'a second attempt');
  t.pass();
});

test.serial('copy: a selection is copied at once, or by Ctrl+Shift+C if set', async (t) => {
  const { page, terminal } = await openPage(t, browser(), { visitor });
  await waitForScreen(page, prompt);
  const word = page.locator('.xterm-screen');
  await word.dblclick({ position: { x: 30, y: 8 } });
  await until(async () => (await clipboard(page)).includes('visitor'), 'the selection in the clipboard');
  await page.getByText('Copied').waitFor();
  await press(page, 'Settings');
  await page.getByLabel('Copy what is selected').uncheck();
  await page.keyboard.press('Escape');
  await page.evaluate("navigator.clipboard.writeText('former')");
  await word.dblclick({ position: { x: 30, y: 8 } });
  t.is(await clipboard(page), 'former');
  await page.keyboard.press('Control+Shift+C');
  await until(async () => (await clipboard(page)).includes('visitor'), 'the selection in the clipboard');
  t.deepEqual(terminal.inputs, []);
});

test.serial('paste: lines that would run at once are shown first, and pasted or not', async (t) => {
  const { page, terminal } = await openPage(t, browser(), { visitor });
  await paste(page, 'rm -rf build\nmake\n');
  await page.getByRole('dialog', { name: 'Paste 2 lines?' }).waitFor();
  await page.getByText('Each line runs as soon as it is pasted.').waitFor();
  t.deepEqual(await accessibilityProblems(page), []);
  await takeScreenshot(page, 'paste-warning');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  await paste(page, 'one line\n');
  await until(() => terminal.inputs.join('') === 'one line\r', 'only the line that needs no question');
  await paste(page, 'two\nlines');
  await page.getByRole('dialog', { name: 'Paste 2 lines?' }).waitFor();
  await page.keyboard.press('Enter');
  await until(() => terminal.inputs.join('') === 'one line\rtwo\rlines', 'what was agreed to');
  await typeText(page, 'x');
  await until(() => terminal.inputs.join('').endsWith('x'), 'the key typed, with the focus back in the terminal');
  t.pass();
});

test.serial(
  'a shell that waits for Enter is asked about from twenty lines on, until told not to in this tab',
  async (t) => {
    const { page, terminal } = await openPage(t, browser(), { visitor });
    terminal.output('\x1b[?2004h');
    const lines = (count: number) => Array.from({ length: count }, (_, line) => `echo ${line}`).join('\n');
    const pasted = (count: number) => `\x1b[200~${lines(count).replaceAll('\n', '\r')}\x1b[201~`;
    await paste(page, lines(19));
    await until(() => terminal.inputs.join('') === pasted(19), 'nineteen lines, in brackets');
    await paste(page, lines(200));
    await page.getByRole('dialog', { name: 'Paste 200 lines?' }).waitFor();
    await page.getByText('nothing runs until you press Enter').waitFor();
    await page.getByLabel('Do not ask again in this tab').check();
    await press(page, 'Paste');
    await until(() => terminal.inputs.join('') === pasted(19) + pasted(200), 'two hundred lines');
    await page.reload();
    await waitForScreen(page, prompt);
    terminal.inputs.length = 0;
    await paste(page, 'a\nb');
    await until(() => terminal.inputs.join('') === 'a\rb', 'no question any more');
    t.pass();
  },
);

test.serial('paste: any length arrives complete, in pieces that the terminal accepts', async (t) => {
  const { page, terminal } = await openPage(t, browser(), { visitor });
  await page.evaluate('navigator.clipboard.writeText("0123456789".repeat(20_000))');
  await page.locator('.xterm-helper-textarea').focus();
  await page.keyboard.press('Control+Shift+V');
  await until(() => terminal.inputs.join('').length >= 200_000, 'the whole paste');
  t.is(terminal.inputs.join(''), '0123456789'.repeat(20_000));
  t.true(terminal.inputs.every((piece) => piece.length <= 65_536));
});

test.serial(
  'clipboard: a copy that follows a drag of the visitor needs no answer, and only the first one',
  async (t) => {
    const { page, terminal } = await openPage(t, browser(), { visitor });
    terminal.output('\x1b[?1002h\x1b[?1006hmouse on');
    await waitForScreen(page, 'mouse on');
    const screen = (await page.locator('.xterm-screen').boundingBox())!;
    await page.mouse.move(screen.x + 10, screen.y + 60);
    await page.mouse.down();
    await page.mouse.move(screen.x + 90, screen.y + 60, { steps: 3 });
    await page.mouse.up();
    await until(() => /m$/.test(terminal.inputs.join('')), 'the release of the button');
    terminal.output(copies('selected'));
    await until(async () => (await clipboard(page)) === 'selected', 'the text in the clipboard');
    t.is(await page.getByText(question).isVisible(), false);
    terminal.output(copies('by a program'));
    await page.getByText(question).waitFor();
    t.is(await clipboard(page), 'selected');
  },
);

test.serial('paste: control characters are named and left out', async (t) => {
  const { page, terminal } = await openPage(t, browser(), { visitor });
  terminal.output('\x1b[?2004hready');
  await waitForScreen(page, 'ready');
  await paste(page, 'git clone x\x1b[201~\recho pwned\r');
  await page.getByText('One control character is left out.').waitFor();
  await takeScreenshot(page, 'paste-controls');
  t.deepEqual(await accessibilityProblems(page), []);
  await press(page, 'Paste');
  await until(() => terminal.inputs.join('').includes('pwned'), 'the paste');
  t.is(terminal.inputs.join('').replaceAll('\n', '\r'), '\x1b[200~git clone x[201~\recho pwned\r\x1b[201~');
});

test.serial('paste: after a lone Escape, lines that would run at once are shown first', async (t) => {
  const { page, terminal } = await openPage(t, browser(), { visitor });
  terminal.output('\x1b[?2004hready');
  await waitForScreen(page, 'ready');
  await page.locator('.xterm-helper-textarea').focus();
  await page.keyboard.press('Escape');
  await until(() => terminal.inputs.join('') === '\x1b', 'the key');
  await paste(page, 'one\ntwo\nthree');
  await page.getByText('Paste 3 lines?').waitFor();
  await page.getByText('Each line runs as soon as it is pasted.').waitFor();
  await press(page, 'Cancel');
  t.is(terminal.inputs.join(''), '\x1b');
});

test.serial('links: a drag, a double click and other buttons open no tab; a click opens one', async (t) => {
  const { page, terminal } = await openPage(t, browser(), { visitor });
  await page.evaluate('window.opened = []; window.open = (uri) => void window.opened.push(uri)');
  const opened = () => page.evaluate<string[]>('window.opened');
  terminal.output('\x1b[H\x1b[2Jhttps://example.org/path end');
  await waitForScreen(page, 'example.org/path');
  const screen = (await page.locator('.xterm-screen').boundingBox())!;
  const [x, y] = [screen.x + 60, screen.y + 8];
  await page.mouse.move(x, y);
  await page.getByText('https://example.org/path', { exact: true }).first().waitFor({ state: 'attached' });
  await page.mouse.down();
  await page.mouse.move(x + 60, y, { steps: 5 });
  await page.mouse.up();
  await page.mouse.click(x, y, { button: 'right' });
  await page.mouse.click(x, y, { button: 'middle' });
  await page.mouse.dblclick(x, y);
  // By now, a click would have opened a tab.
  await page.mouse.move(x, y + 200);
  await page.mouse.move(x, y);
  await page.mouse.click(x, y);
  await until(async () => (await opened()).length > 0, 'a tab');
  t.deepEqual(await opened(), ['https://example.org/path']);
});
