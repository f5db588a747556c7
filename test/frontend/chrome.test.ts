// The parts around the terminal, in a real Chromium: the bar, the settings, the page's own keys.

import test from 'ava';
import type { Page } from 'playwright-core';
import { accessibilityProblems } from '../helpers/frontend-axe.ts';
import { shareBrowser, typeText, until, waitForScreen, waitForState } from '../helpers/frontend-browser.ts';
import { cutOff, germanOnNarrowPhone } from '../helpers/frontend-cut-off.ts';
import { openPage } from '../helpers/frontend-page.ts';
import { takeScreenshot } from '../helpers/frontend-screenshot.ts';

const browser = shareBrowser(test);

const prompt = 'visitor@terminal:~$';
const root = (page: Page, attribute: string, value: string) =>
  page.locator(`html[data-${attribute}="${value}"]`).waitFor({ state: 'attached' });
const rowHeight = async (page: Page) => (await page.locator('.xterm-rows > div').first().boundingBox())?.height ?? 0;
const open = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();

const colourful = [
  '\x1b[2J\x1b[H',
  ...Array.from(
    { length: 16 },
    (_, colour) => `\x1b[${colour < 8 ? 30 + colour : 82 + colour}mcolour ${colour}\x1b[0m\r\n`,
  ),
  '\r\n\x1b[1mbold\x1b[0m \x1b[3mitalic\x1b[0m \x1b[4munderlined\x1b[0m \x1b[7m reversed \x1b[0m\r\n\r\n',
  `${prompt} `,
].join('');

for (const [theme, label] of [
  ['dark', 'Dark'],
  ['light', 'Light'],
  ['contrast', 'High contrast'],
] as const) {
  test.serial(`${label}: applied at once, stored, and without findings of axe`, async (t) => {
    const { page, terminal, complaints } = await openPage(t, browser());
    terminal.output(colourful);
    await waitForScreen(page, 'bold');
    await open(page, 'Settings');
    await page.getByLabel('Colours').selectOption(label);
    await root(page, 'theme', theme);
    t.deepEqual(await accessibilityProblems(page), []);
    await takeScreenshot(page, `settings-${theme}`);
    await page.keyboard.press('Escape');
    t.deepEqual(await accessibilityProblems(page), []);
    await takeScreenshot(page, `desktop-${theme}`);
    await open(page, 'Help');
    await page.getByRole('dialog', { name: 'Help' }).waitFor();
    t.deepEqual(await accessibilityProblems(page), []);
    await takeScreenshot(page, `help-${theme}`);
    await page.reload();
    await root(page, 'theme', theme);
    t.deepEqual(complaints, []);
  });
}

test.serial('settings: the system scheme follows the system, and more contrast has priority', async (t) => {
  const { page } = await openPage(t, browser(), { visitor: { colorScheme: 'light' } });
  await root(page, 'theme', 'light');
  await page.emulateMedia({ colorScheme: 'dark' });
  await root(page, 'theme', 'dark');
  await page.emulateMedia({ contrast: 'more' });
  await root(page, 'theme', 'contrast');
  t.pass();
});

test.serial('settings: keys and the dialog change the text size, and the terminal gets its new size', async (t) => {
  const { page, terminal } = await openPage(t, browser());
  await waitForScreen(page, prompt);
  const before = await rowHeight(page);
  const cols = () => terminal.sizes.at(-1)?.cols ?? terminal.handshakes[0]!.size.cols;
  const first = cols();
  await page.locator('.xterm-helper-textarea').focus();
  for (let step = 0; step < 4; step++) await page.keyboard.press('Control+Equal');
  t.true((await rowHeight(page)) > before);
  await until(() => cols() < first, 'fewer columns');
  await page.keyboard.press('Control+Minus');
  await open(page, 'Settings');
  await page.getByRole('group', { name: 'Text size' }).getByText('17').waitFor();
  await open(page, 'Smaller text');
  await page.getByRole('group', { name: 'Text size' }).getByText('16').waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+Digit0');
  await until(() => cols() === first, 'as many columns as before');
  t.is(await rowHeight(page), before);
  t.deepEqual(terminal.inputs, [], 'none of it reached the shell');
});

test.serial('settings: font, cursor and blinking apply to all tabs at once', async (t) => {
  const { page, context } = await openPage(t, browser());
  const other = await context.newPage();
  await other.goto(page.url());
  await waitForState(other, 'connected');
  await page.bringToFront();
  await open(page, 'Settings');
  await page.getByRole('combobox', { name: 'Font' }).fill('DejaVu Sans Mono');
  await page.getByRole('combobox', { name: 'Cursor' }).selectOption('Bar');
  await page.getByLabel('Blinking cursor').uncheck();
  await page.keyboard.press('Escape');
  for (const one of [page, other]) {
    await one.locator('.xterm-rows').waitFor();
    await one.bringToFront();
    await one.locator('.xterm-helper-textarea').focus();
    await one.locator('.xterm-cursor-bar:not(.xterm-cursor-blink)').waitFor();
    const family = "getComputedStyle(document.querySelector('.xterm-rows')).fontFamily";
    t.regex(await one.evaluate<string>(family), /^"DejaVu Sans Mono"/);
  }
  await page.bringToFront();
  await open(page, 'Settings');
  await page.getByRole('combobox', { name: 'Font' }).fill('no"font');
  await page.keyboard.press('Tab');
  t.is(
    await page.getByRole('combobox', { name: 'Font' }).inputValue(),
    'DejaVu Sans Mono',
    'inv 10: what cannot be is not taken',
  );
  await open(page, 'Reset all');
  t.is(await page.getByRole('combobox', { name: 'Font' }).inputValue(), '');
});

test.serial('settings: invalid stored settings do no harm', async (t) => {
  const { page, complaints } = await openPage(t, browser(), {
    prepare: ({ page: opening }) =>
      opening.addInitScript(`localStorage.setItem('warmterm-settings', '{"theme":7,"fontSize":-3,"bar":false')`),
  });
  await waitForScreen(page, prompt);
  await root(page, 'bar', 'shown');
  t.deepEqual(complaints, []);
});

test.serial('settings: without storage they last as long as the page', async (t) => {
  const { page, complaints } = await openPage(t, browser(), {
    prepare: ({ page: opening }) =>
      opening.addInitScript(
        `Object.defineProperty(window, 'localStorage', { get() { throw new Error('forbidden'); } })`,
      ),
  });
  await open(page, 'Settings');
  await page.getByLabel('Colours').selectOption('Light');
  await root(page, 'theme', 'light');
  t.deepEqual(complaints, []);
});

test.serial(
  'the bar gives its line to the terminal, stays hidden, and comes back by key or by its handle',
  async (t) => {
    const { page, terminal } = await openPage(t, browser());
    const rows = () => terminal.sizes.at(-1)?.rows ?? terminal.handshakes.at(-1)!.size.rows;
    const before = rows();
    await open(page, 'Hide the bar');
    await until(() => rows() > before, 'more rows');
    await page.reload();
    await waitForState(page, 'connected');
    t.true(terminal.handshakes[1]!.size.rows > before, 'it is hidden from the start');
    await takeScreenshot(page, 'bar-hidden');
    t.deepEqual(await accessibilityProblems(page), []);
    await open(page, 'Show the bar');
    await root(page, 'bar', 'shown');
    await page.keyboard.press('Control+Shift+B');
    await root(page, 'bar', 'hidden');
    await typeText(page, 'x');
    await until(() => terminal.inputs.join('') === 'x', 'the key typed');
    t.pass();
  },
);

test.serial('bar: shows the state, and the title that the shell sets', async (t) => {
  const { page, terminal } = await openPage(t, browser());
  const bar = page.getByRole('banner');
  await bar.getByText('Connected').waitFor();
  terminal.output('\x1b]0;vim notes.txt\x07');
  await bar.getByText('vim notes.txt').waitFor();
  await terminal.close();
  await bar.getByText('Reconnecting').waitFor();
  t.pass();
});

test.serial('keys: Ctrl+? lists the keys, and ? goes to the shell', async (t) => {
  const { page, terminal } = await openPage(t, browser());
  await typeText(page, '?');
  await page.keyboard.press('Control+Shift+Slash');
  const list = page.getByRole('dialog', { name: 'Help' });
  await list.getByText('Copy the selection').waitFor();
  await page.keyboard.press('Escape');
  await list.waitFor({ state: 'hidden' });
  await page.keyboard.type('!');
  await until(() => terminal.inputs.join('') === '?!', 'both keys, with the focus back in the terminal');
  t.pass();
});

test.serial('keys: full screen takes the browser’s keys where it can, and gives them back', async (t) => {
  const { page } = await openPage(t, browser(), {
    prepare: ({ page: opening }) =>
      opening.addInitScript(`window.locks = [];
        Object.defineProperty(navigator, 'keyboard', { value: {
          lock: async () => { window.locks.push('lock'); }, unlock: () => window.locks.push('unlock') } });`),
  });
  await open(page, 'Full screen');
  await page.getByRole('button', { name: 'Leave full screen' }).waitFor();
  await until(async () => (await page.evaluate<string>('window.locks.join()')) === 'lock', 'the keys locked');
  await page.keyboard.press('Control+Shift+Enter');
  await page.getByRole('button', { name: 'Full screen', exact: true }).waitFor();
  t.is(await page.evaluate<string>('window.locks.join()'), 'lock,unlock');
});

test.serial('language: German in a German browser, unless the visitor chooses', async (t) => {
  const { page, terminal } = await openPage(t, browser(), { visitor: { locale: 'de-AT' } });
  t.is(await page.locator('html').getAttribute('lang'), 'de');
  await page.getByRole('banner').getByText('Verbunden').waitFor();
  await open(page, 'Einstellungen');
  await page.getByRole('dialog', { name: 'Einstellungen' }).waitFor();
  t.deepEqual(await cutOff(page), []);
  await takeScreenshot(page, 'settings-german');
  await page.getByLabel('Sprache').selectOption('English');
  await page.getByRole('banner').getByText('Connected').waitFor();
  t.is(await page.locator('html').getAttribute('lang'), 'en');
  await until(() => terminal.handshakes.length === 2, 'the same terminal attached again');
});

test.serial('layout: fits a narrow phone in the longer language', async (t) => {
  const { page, terminal } = await openPage(t, browser(), {
    visitor: { ...germanOnNarrowPhone, permissions: ['clipboard-read', 'clipboard-write'] },
  });
  const shown = async (picture: string) => {
    t.deepEqual(await cutOff(page), [], picture);
    await takeScreenshot(page, `narrow-${picture}`);
  };
  terminal.output('\x1b]0;vim a-file-with-a-rather-long-name.txt\x07');
  await page.getByRole('banner').getByText('vim').waitFor();
  await shown('bar');
  for (const [keys, name, picture] of [
    ['Control+Shift+Comma', 'Einstellungen', 'settings'],
    ['Control+Shift+Slash', 'Hilfe', 'help'],
  ] as const) {
    await page.locator('.xterm-helper-textarea').focus();
    await page.keyboard.press(keys);
    await page.getByRole('dialog', { name }).waitFor();
    await shown(picture);
    await page.evaluate("document.querySelector('.dialog[open] .dialog-body').scrollTo(0, 9_999)");
    await shown(`${picture}-end`);
    await page.keyboard.press('Escape');
  }
  terminal.find = () => ({ total: 12_000, at: 11_999 });
  await open(page, 'Suchen');
  await page.getByRole('textbox', { name: 'Im Terminal suchen' }).fill('visitor');
  await page.getByText('11999/12000').waitFor();
  await shown('search');
  await open(page, 'Schließen');
  terminal.output(`\x1b]52;c;${Buffer.from('copied').toString('base64')}\x07`);
  await page.getByText('möchte in Ihre Zwischenablage kopieren').waitFor();
  await shown('question');
  await open(page, 'Nicht erlauben');
  const lines = 'rm -rf build\nmake --directory a-directory-with-a-rather-long-name all';
  await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(lines)})`);
  await page.locator('.xterm-helper-textarea').focus();
  await page.keyboard.press('Control+Shift+V');
  await page.getByRole('dialog', { name: '2 Zeilen einfügen?' }).waitFor();
  await shown('paste');
});
