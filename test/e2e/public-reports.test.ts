// Reported bugs of other web terminals, tried in Chromium and the real tmux of a terminal. docs/testing.md lists
// them, with those that other files test. One page serves all cases.

import test from 'ava';
import type { BrowserContext, Page } from 'playwright-core';
import {
  readScreen,
  shareBrowser,
  stillAnswers,
  typeText,
  waitForScreen,
  waitForState,
} from '../helpers/frontend-browser.ts';
import { drag, findOnScreen, type Grid, recorder } from '../helpers/frontend-mouse.ts';
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

const copied = () => page.evaluate<string[]>('window.copied');
const opened = () => page.evaluate<string[]>('window.opened');

test.serial.before(async () => {
  ({ page, context } = await openTerminal(scope, system(), browser()));
  await page.evaluate(recorder);
  box = (await page.locator('.xterm-screen').boundingBox())!;
});

/** Pastes `text` as the browser does for any key or button. */
const paste = (text: string) =>
  page.evaluate(`{
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', ${JSON.stringify(text)});
    document.querySelector('.xterm-helper-textarea').dispatchEvent(
      new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }`);

const find = (text: string) => findOnScreen(page, { box, size }, text);

let measured = 0;
/** The size of the shell once it differs from `former`. */
async function shellSize(on: Page, former = ''): Promise<string> {
  measured += 1;
  const changed = `while [ "$(stty size)" = "${former}" ]; do sleep 0.05; done`;
  await typeText(on, `clear; ${changed}; stty size; echo size-${measured}\n`);
  const answer = new RegExp(`^(\\d+ \\d+)\\nsize-${measured}$`, 'm');
  return answer.exec(await waitForScreen(on, answer))![1]!;
}

test.serial('report: the shell has the size of the page from the first moment (ttyd#1534)', async (t) => {
  const found = await shellSize(page);
  const [rows, columns] = found.split(' ').map(Number);
  size = { rows: rows!, columns: columns! };
  t.is(rows, await page.locator('.xterm-rows > div').count());
  await typeText(page, `clear; printf '%0${columns}d\\n' 0; echo below\n`);
  // A line with the shell's number of columns fills exactly one row.
  t.regex(await waitForScreen(page, /^below$/m), new RegExp(`^0{${columns}}\\nbelow$`, 'm'));
});

test.serial('report: a selection that ends on a link copies and opens no tab (xterm.js#1947)', async (t) => {
  await typeText(page, `clear; echo alpha ${link} end\n`);
  await waitForScreen(page, new RegExp(`^alpha ${link} end$`, 'm'));
  const alpha = await find('alpha');
  const target = await find(link);
  for (const [from, selected] of [
    [alpha.from, `alpha ${link}`],
    [target.from, link],
  ] as const) {
    await drag(page, from, target.to);
    await until('a copy', async () => (await copied()).length > 0);
    t.deepEqual(await page.evaluate('window.copied.splice(0)'), [selected]);
    // A link opens 300 ms after the release unless another press cancels it. A timer that is set later fires later.
    await page.evaluate('new Promise((resolve) => setTimeout(resolve, 300))');
    t.deepEqual(await opened(), []);
    await page.keyboard.press('Escape');
  }
  await page.mouse.click(...target.to);
  await until('a tab', async () => (await opened()).length > 0);
  t.deepEqual(await opened(), [link]);
});

test.serial('report: the middle button pastes once, through the browser (tabby#5219)', async (t) => {
  await typeText(page, 'clear; echo alpha beta\n');
  await waitForScreen(page, /^alpha beta$/m);
  const alpha = await find('alpha');
  await drag(page, alpha.from, alpha.to);
  await until('a copy', async () => (await copied()).length > 0);
  t.deepEqual(await page.evaluate('window.copied.splice(0)'), ['alpha']);
  await page.keyboard.press('Escape');
  await typeText(page, 'echo [');
  await page.mouse.click(...alpha.from, { button: 'middle' });
  // This browser has no primary selection, so the test pastes its text. tmux has `alpha` in its buffer.
  await paste('once');
  await typeText(page, ']\n');
  t.regex(await waitForScreen(page, /^\[.*\]$/m), /^\[once\]$/m);
});

test.serial('report: a paste cannot end the paste and press Enter (xterm.js#5716)', async (t) => {
  await typeText(page, 'clear\n');
  await paste('echo one\x1b[201~\recho pw""ned\r');
  await page.getByText('One control character is left out.').waitFor();
  await page.getByRole('button', { name: 'Paste', exact: true }).click();
  await waitForScreen(page, 'pw""ned');
  await page.keyboard.press('Control+c');
  await stillAnswers(page, 'cancelled');
  t.notRegex(await readScreen(page), /^(one|pwned)/m);
});

test.serial('report: a program copies by OSC 52 through tmux, once it is allowed to (ttyd#1408)', async (t) => {
  await typeText(page, `clear; printf '\\033]52;c;%s\\a' "$(printf 'copy test' | base64 -w 0)"\n`);
  await page.getByText('A program in this terminal wants to copy to your clipboard.').waitFor();
  t.deepEqual(await copied(), []);
  await page.getByRole('button', { name: 'Allow', exact: true }).click();
  await until('a copy', async () => (await copied()).length > 0);
  t.deepEqual(await page.evaluate('window.copied.splice(0)'), ['copy test']);
});

const back = () => page.getByRole('button', { name: 'Back to the prompt' });

async function wheelUp(): Promise<void> {
  await page.mouse.move(box.x + 100, box.y + 100);
  await until('the history', async () => {
    await page.mouse.wheel(0, -200);
    return back().isVisible();
  });
}

test.serial('report: output does not move the visible part of the history (vscode#11542)', async (t) => {
  await typeText(
    page,
    'clear; seq -f line-%03g 200; (while :; do : $((i++)); printf "tick-$i\\n\\033]2;at $i\\a"; sleep 0.1; done) &\n',
  );
  await waitForScreen(page, /^tick-\d+$/m);
  await wheelUp();
  const ticks = async () => Number(/^at (\d+)/.exec(await page.title())?.[1] ?? 0);
  await until('a tick', async () => (await ticks()) > 0);
  const before = await ticks();
  // All turns of the wheel have arrived when the screen is unchanged after two more lines.
  let still = await readScreen(page);
  await until('a screen that stays', async () => {
    const from = await ticks();
    await until('two lines', async () => (await ticks()) >= from + 2);
    const [former, now] = [still, await readScreen(page)];
    still = now;
    return former === now;
  });
  await until('a screenful of output', async () => (await ticks()) > before + size.rows);
  t.is(await readScreen(page), still);
  await typeText(page, 'kill %1; wait; clear\n');
  await stillAnswers(page, 'killed');
});

test.serial('report: AltGr and dead keys type their characters (cocalc#2939)', async (t) => {
  const windows = await context.newPage();
  t.teardown(() => windows.close());
  await windows.addInitScript("Object.defineProperty(navigator, 'platform', { value: 'Win32' })");
  await windows.goto(page.url());
  await waitForState(windows, 'connected');
  const keys = await context.newCDPSession(windows);
  await typeText(windows, 'clear; echo ');
  // A German keyboard on Windows, where AltGr is Ctrl with Alt.
  for (const [key, code, windowsVirtualKeyCode] of [
    ['{', 'Digit7', 55],
    ['[', 'Digit8', 56],
    [']', 'Digit9', 57],
    ['}', 'Digit0', 48],
    ['@', 'KeyQ', 81],
    ['|', 'IntlBackslash', 226],
  ] as const) {
    await typeText(windows, '\\');
    const event = { key, code, windowsVirtualKeyCode, modifiers: 1 | 2 };
    await keys.send('Input.dispatchKeyEvent', { ...event, type: 'keyDown', text: key });
    await keys.send('Input.dispatchKeyEvent', { ...event, type: 'keyUp' });
  }
  // A dead key composes a character.
  await keys.send('Input.imeSetComposition', { text: '´', selectionStart: 1, selectionEnd: 1 });
  await keys.send('Input.insertText', { text: 'é' });
  await typeText(windows, '.\n');
  t.regex(await waitForScreen(windows, /^\S+\.$/m), /^\{\[\]\}@\|é\.$/m);
});

test.serial('report: two devices in turn each use the whole window (jupyterlab#6289)', async (t) => {
  const large = `${size.rows} ${size.columns}`;
  const small = await openTab(system(), context);
  t.teardown(() => small.close());
  await small.setViewportSize({ width: 500, height: 300 });
  const [rows, columns] = (await shellSize(small, large)).split(' ').map(Number);
  t.true(rows! < size.rows && columns! < size.columns);
  t.is(await shellSize(page, `${rows} ${columns}`), large);
});

test.serial(
  'report: a program survives a lost connection, and takes input after it (ttyd#1397, jupyterlab#4136)',
  async (t) => {
    await typeText(page, `clear; bash -c 'echo started-$$; read -r word; echo finished-$$-$word'\n`);
    const [, id] = /^started-(\d+)$/m.exec(await waitForScreen(page, /^started-\d+$/m))!;
    await context.setOffline(true);
    await waitForState(page, 'reconnecting');
    await context.setOffline(false);
    await waitForState(page, 'connected');
    await typeText(page, 'after\n');
    const screen = await waitForScreen(page, /^finished-/m);
    t.regex(screen, new RegExp(`^finished-${id}-after$`, 'm'));
  },
);

test.serial('report: a reload keeps the screen and its history (jupyterlab#10633)', async (t) => {
  await typeText(page, 'clear; seq -f kept-%03g 200\n');
  await waitForScreen(page, /^kept-200$/m);
  await page.reload();
  await waitForState(page, 'connected');
  await waitForScreen(page, /^kept-200$/m);
  await wheelUp();
  await page.getByRole('scrollbar', { name: 'History' }).focus();
  await page.keyboard.press('Home');
  t.regex(await waitForScreen(page, /^kept-001$/m), /^kept-002$/m);
  await page.keyboard.press('Escape');
  await stillAnswers(page, 'reloaded');
});
