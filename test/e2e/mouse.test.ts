// The mouse table of docs/page.md, row by row, in Chromium and the real tmux of a terminal: at the prompt, and in a program that
// uses the mouse. One page serves all rows.

import test from 'ava';
import type { BrowserContext, Page } from 'playwright-core';
import { accessibilityProblems } from '../helpers/frontend-axe.ts';
import { readScreen, shareBrowser, stillAnswers, typeText, waitForScreen } from '../helpers/frontend-browser.ts';
import { drag, findOnScreen, type Grid, recorder } from '../helpers/frontend-mouse.ts';
import { takeScreenshot } from '../helpers/frontend-screenshot.ts';
import { fileScope } from '../helpers/scope.ts';
import { openTab, openTerminal, shareTestSystem, until } from '../helpers/system.ts';

const browser = shareBrowser(test);
const system = shareTestSystem(test);
const scope = fileScope(test);

const link = 'https://example.org/path';
let page: Page;
let context: BrowserContext;
let box: Grid['box'];
let size: Grid['size'];

test.serial.before(async () => {
  ({ page, context } = await openTerminal(scope, system(), browser()));
  await page.evaluate(recorder);
  box = (await page.locator('.xterm-screen').boundingBox())!;
  await typeText(page, 'clear; stty size\n');
  const [, height, width] = /^(\d+) (\d+)$/m.exec(await waitForScreen(page, /^\d+ \d+$/m))!;
  size = { rows: Number(height), columns: Number(width) };
});

const find = (text: string) => findOnScreen(page, { box, size }, text);

async function copies(expected: string): Promise<void> {
  const copied = () => page.evaluate<string[]>('window.copied');
  await until(`a copy of ${expected}`, async () => (await copied()).length > 0);
  const got = await page.evaluate<string[]>('window.copied.splice(0)');
  if (got.length !== 1 || got[0] !== expected) throw new Error(`Copied ${JSON.stringify(got)}, and not ${expected}.`);
}

const scrollbar = () => page.getByRole('scrollbar', { name: 'History' });
const back = () => page.getByRole('button', { name: 'Back to the prompt' });
const scrolled = (yes: boolean, on = back()) => on.waitFor({ state: yes ? 'visible' : 'hidden' });
const position = async () =>
  Number(await scrollbar().getAttribute('aria-valuemax')) - Number(await scrollbar().getAttribute('aria-valuenow'));

async function wheelUp(): Promise<void> {
  await page.mouse.move(box.x + 100, box.y + 100);
  await until('the history', async () => {
    await page.mouse.wheel(0, -200);
    return back().isVisible();
  });
}

let shown = 0;
/** Prints a history, and then the words that the rows of the table use. */
async function showWords(): Promise<void> {
  shown += 1;
  await typeText(page, `clear; seq -f line-%03g 200; echo; echo alpha beta ${link} end${shown}\n`);
  await waitForScreen(page, new RegExp(`^alpha beta ${link} end${shown}$`, 'm'));
}

test.serial('mouse: the wheel shows the history; a key returns to the prompt and is typed', async (t) => {
  await showWords();
  await until('a scrollbar', async () => Number(await scrollbar().getAttribute('aria-valuemax')) > 150);
  t.is(await position(), 0);
  await takeScreenshot(page, 'history-prompt');
  await wheelUp();
  await waitForScreen(page, /^line-1[0-5]\d$/m);
  t.true((await position()) > 0);
  await takeScreenshot(page, 'history-scrolled');
  t.deepEqual(await accessibilityProblems(page), []);
  await stillAnswers(page, 'typed');
  await scrolled(false);
  t.is(await position(), 0);
});

test.serial('history: a tab shows that another one scrolls, and its button returns both', async (t) => {
  const other = await openTab(system(), context);
  await typeText(page, 'clear; seq -f line-%03g 200\n');
  await waitForScreen(page, /^line-200$/m);
  await wheelUp();
  const there = other.getByRole('button', { name: 'Back to the prompt' });
  await scrolled(true, there);
  await there.click();
  await scrolled(false, there);
  await scrolled(false);
  await waitForScreen(other, /^line-200$/m);
  await typeText(other, 'echo typed-$((1 + 1))\n');
  await waitForScreen(other, /^typed-2$/m);
  await other.close();
  t.pass();
});

test.serial('history: the scrollbar is dragged, has keys, and Shift with PageUp scrolls', async (t) => {
  await typeText(page, 'clear; seq -f line-%03g 300\n');
  await waitForScreen(page, /^line-300$/m);
  const most = async () => Number(await scrollbar().getAttribute('aria-valuemax'));
  await until('the whole history', async () => (await most()) > 250);
  const bar = (await scrollbar().boundingBox())!;
  const x = bar.x + bar.width / 2;
  await drag(page, [x, bar.y + bar.height - 4], [x, bar.y + 1]);
  await until('the top', async () => (await position()) === (await most()));
  await scrolled(true);
  await page.mouse.move(x, bar.y + 4);
  await page.mouse.down();
  await page.mouse.move(x, bar.y + bar.height / 2, { steps: 20 });
  await page.mouse.move(x, bar.y + bar.height + 50, { steps: 20 });
  await page.mouse.up();
  await scrolled(false);
  await waitForScreen(page, /^line-300$/m);

  await page.locator('.xterm-helper-textarea').focus();
  await page.keyboard.press('Shift+PageUp');
  await until('a page up', async () => (await position()) === size.rows - 1);
  await page.keyboard.press('Shift+PageUp');
  await until('two pages up', async () => (await position()) === 2 * (size.rows - 1));
  await scrollbar().focus();
  await page.keyboard.press('ArrowDown');
  await until('a line down', async () => (await position()) === 2 * (size.rows - 1) - 1);
  await page.keyboard.press('Home');
  await until('the top', async () => (await position()) === (await most()));
  t.regex((await scrollbar().getAttribute('aria-valuetext'))!, /^\d+ lines above the prompt$/);
  await page.keyboard.press('Escape');
  await scrolled(false);
  await stillAnswers(page, 'escaped');
});

// The order matters: tmux counts presses within a third of a second at any place, and copies only after that.
test.serial('mouse: a double click, a triple click and a drag copy what they highlight', async (t) => {
  await showWords();
  const beta = await find('beta');
  await page.mouse.dblclick(...beta.from);
  await copies('beta');
  await page.keyboard.press('Escape');
  await page.mouse.click(...beta.to, { clickCount: 3 });
  await copies(`alpha beta ${link} end${shown}\n`);
  await page.keyboard.press('Escape');
  const alpha = await find('alpha');
  await drag(page, alpha.from, alpha.to);
  await copies('alpha');
  await stillAnswers(page, 'copied');
  t.pass();
});

test.serial('mouse: Shift with a drag selects what the screen shows', async (t) => {
  await showWords();
  const alpha = await find('alpha');
  await page.keyboard.down('Shift');
  await drag(page, alpha.from, [alpha.to[0] + 6, alpha.to[1]]);
  await page.keyboard.up('Shift');
  await copies('alpha');
  t.pass();
});

test.serial('mouse: a click opens a link; the middle and the right button send nothing to the shell', async (t) => {
  await showWords();
  const target = await find(link);
  await page.mouse.move(...target.to);
  await page.mouse.click(...target.from, { button: 'middle' });
  await page.mouse.click(...target.from, { button: 'right' });
  await page.mouse.click(...target.from);
  await until('a tab', async () => (await page.evaluate<string[]>('window.opened')).length > 0);
  t.deepEqual(await page.evaluate<string[]>('window.opened'), [link]);
  // On Linux the browser may have pasted the earlier selection.
  await page.keyboard.press('Control+u');
  await stillAnswers(page, 'clicked');
  t.deepEqual(await page.evaluate<string[]>('window.copied'), []);
});

test.serial('mouse: in less, which does not use the mouse, the wheel scrolls the text', async (t) => {
  await typeText(page, 'clear; seq -f text-%03g 300 | LESS= less\n');
  await waitForScreen(page, /^text-001$/m);
  await page.mouse.move(box.x + 100, box.y + 100);
  await until('later lines', async () => {
    await page.mouse.wheel(0, 200);
    return !(await readScreen(page)).includes('text-001');
  });
  t.false(await back().isVisible());
  await scrollbar().waitFor({ state: 'hidden' });
  await typeText(page, 'q');
  await stillAnswers(page, 'less');
});

test.serial('mouse: a program that uses the mouse gets every gesture, and Shift selects', async (t) => {
  // The tty echoes the reports, ESC as ^[.
  await typeText(page, `printf '\\033[?1002h\\033[?1006h\\033[2J\\033[Halpha beta ${link} end\\n'; cat > /dev/null\n`);
  await waitForScreen(page, /^alpha beta/);
  const alpha = await find('alpha');
  const { row } = alpha;
  const reports = (pattern: string) => waitForScreen(page, new RegExp(pattern.replaceAll('<', '\\^\\[\\[<'), 's'));
  const fresh = async () => {
    await page.keyboard.press('Enter');
  };
  await page.mouse.move(...alpha.from);
  await page.mouse.wheel(0, -200);
  await reports(`<64;${alpha.column};${row}M`);
  await fresh();
  await page.mouse.click(...alpha.from, { button: 'middle' });
  await reports(`<1;1;${row}M<1;1;${row}m`);
  await fresh();
  await page.mouse.click(...alpha.from, { button: 'right' });
  // tmux 3.3 drops a press within 0.3 s of the press of another button, and passes on its release.
  await reports(`<2;1;${row}m`);
  await fresh();
  await drag(page, alpha.from, alpha.to);
  await reports(`<0;1;${row}M.*<32;\\d;${row}M.*<0;5;${row}m`);
  await fresh();
  await page.mouse.dblclick(...alpha.from);
  await reports(`(?:<0;1;${row}M<0;1;${row}m){2}`);
  await page.keyboard.press('Escape');
  t.deepEqual(await page.evaluate<string[]>('window.copied'), []);
  await page.keyboard.down('Shift');
  await drag(page, alpha.from, [alpha.to[0] + 6, alpha.to[1]]);
  await page.keyboard.up('Shift');
  await copies('alpha');
  await page.evaluate('window.opened.length = 0');
  const target = await find(link);
  await page.mouse.move(...target.to);
  await page.mouse.click(...target.from);
  await until('a tab', async () => (await page.evaluate<string[]>('window.opened')).length > 0);
  t.deepEqual(await page.evaluate<string[]>('window.opened'), [link]);
  await page.keyboard.press('Control+c');
  await typeText(page, "printf '\\033[?1002l\\033[?1006l'\n");
  await stillAnswers(page, 'given-back');
});

test.serial('two tabs: only the tab that typed last answers queries that pass through tmux', async (t) => {
  const other = await openTab(system(), context);
  await typeText(page, 'clear\n');
  // Collect answers for a second, without the line of the command. Turn echo off: the answer may come before `read` starts.
  const asks = (name: string) =>
    `clear; stty -echo; printf '\\033Ptmux;\\033\\033[5n\\033\\\\'; IFS= read -rst1 -d '' got; stty echo; printf '${name}:%q.\\n' "$got"\n`;
  await typeText(page, asks('first'));
  const [, first] = /^first:(.*)\.$/m.exec(await waitForScreen(page, /^first:.*\.$/m))!;
  t.is(first, "$'\\E[0n'");
  await typeText(other, asks('second'));
  const [, second] = /^second:(.*)\.$/m.exec(await waitForScreen(page, /^second:.*\.$/m))!;
  t.is(second, "$'\\E[0n'");
  await other.close();
});
