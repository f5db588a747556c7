// The tabs in the bar, in a real Chromium: what is shown of them, and what is asked of the terminal.

import test from 'ava';
import type { TerminalWindow } from '../../common/windows.ts';
import { accessibilityProblems } from '../helpers/frontend-axe.ts';
import { shareBrowser, typeText, until } from '../helpers/frontend-browser.ts';
import { cutOff, germanOnNarrowPhone } from '../helpers/frontend-cut-off.ts';
import { type OpenPage, openPage } from '../helpers/frontend-page.ts';
import { takeScreenshot } from '../helpers/frontend-screenshot.ts';

const browser = shareBrowser(test);

/** Tabs with these names; the one in brackets is shown. */
const tabs = (...names: string[]): TerminalWindow[] =>
  names.map((name, at) => ({
    id: `@${at}`,
    name: name.replace(/^\[(.*)\]$/, '$1'),
    active: name.startsWith('['),
    bell: false,
    activity: false,
    zoomed: false,
    panes: [{ id: `%${at}`, active: true }],
  }));

const asked = async ({ terminal }: OpenPage, request: object) =>
  until(() => JSON.stringify(terminal.windowRequests.at(-1)) === JSON.stringify(request), JSON.stringify(request));

test.serial('tabs: with one shell there is only a +, by which another opens', async (t) => {
  const opened = await openPage(t, browser());
  const { page, terminal } = opened;
  t.is(await page.getByRole('button', { name: 'New tab' }).count(), 0, 'nothing where the terminal knows no tabs');
  terminal.windows(tabs('[bash]'));
  const plus = page.getByRole('button', { name: 'New tab' });
  await plus.waitFor();
  t.is(await page.getByRole('tablist').count(), 0);
  t.false(await page.getByRole('button', { name: 'Tab and split menu' }).isVisible());
  await takeScreenshot(page, 'tabs-one');
  await plus.click();
  await asked(opened, { do: 'new' });
  for (const keys of ['Control+Shift+Y', 'Control+Shift+T']) {
    terminal.windowRequests.length = 0;
    await page.keyboard.press(keys);
    await asked(opened, { do: 'new' });
  }
  await page.keyboard.press('Alt+1');
  await until(() => terminal.inputs.join('') === '\x1b1', 'Alt+1 is the shell’s while there is one tab');
  await plus.click({ button: 'right' });
  await page.getByRole('menuitem', { name: 'Split to the right' }).click();
  await asked(opened, { do: 'split', pane: '%0', to: 'right' });
  await typeText(page, 'x');
  await until(() => terminal.inputs.join('').endsWith('x'), 'the focus back in the terminal');
  t.deepEqual(opened.complaints, []);
});

test.serial('tabs: by mouse, keyboard and shortcut; names are text, marks are told', async (t) => {
  const opened = await openPage(t, browser());
  const { page, terminal } = opened;
  const list = tabs('[bash]', '<img src=x onerror=alert(1)>', 'make');
  list[2]!.activity = true;
  terminal.windows(list);
  await page.getByRole('tab', { name: '2 <img src=x onerror=alert(1)>' }).waitFor();
  t.is(await page.locator('.tab img').count(), 0);
  await page.getByRole('tab', { name: '3 make, new output' }).click();
  await asked(opened, { do: 'select', window: '@2' });
  await page.keyboard.press('Alt+2');
  await asked(opened, { do: 'select', window: '@1' });
  await page.keyboard.press('Control+Shift+PageDown');
  await asked(opened, { do: 'step', to: 'next' });
  await page.getByRole('tab', { name: '1 bash' }).focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await asked(opened, { do: 'select', window: '@2' });
  t.deepEqual(opened.complaints, []);
  t.deepEqual(await accessibilityProblems(page), []);
  await page.getByRole('tab', { name: '1 bash' }).dblclick();
  const dialog = page.getByRole('dialog', { name: 'Rename this tab' });
  await dialog.getByLabel('Name of the tab').fill('my work');
  await takeScreenshot(page, 'tabs-rename');
  t.deepEqual(await accessibilityProblems(page), []);
  await page.keyboard.press('Enter');
  await asked(opened, { do: 'rename', window: '@0', name: 'my work' });
  await dialog.waitFor({ state: 'hidden' });
});

test.serial('tabs: a tab in which a program runs is closed only after a question', async (t) => {
  const opened = await openPage(t, browser());
  const { page, terminal } = opened;
  terminal.refuseWindow = (request) =>
    request.do === 'close' && !request.force ? { code: 'busy', message: '', program: 'vim' } : null;
  terminal.windows(tabs('bash', '[vim]'));
  await page.getByRole('tab', { name: '2 vim' }).locator('.tab-close').click();
  await page.getByText('vim is running there. Closing ends it.').waitFor();
  await takeScreenshot(page, 'tabs-busy');
  await page.getByRole('alert').getByRole('button', { name: 'Close' }).click();
  await asked(opened, { do: 'close', window: '@1', force: true });
  terminal.windows(tabs('[bash]'));
  await page.getByRole('tablist').waitFor({ state: 'hidden' });
  terminal.refuseWindow = () => ({ code: 'full', message: '' });
  await page.getByRole('button', { name: 'New tab' }).click();
  await page.getByRole('complementary').getByText('There are as many tabs').waitFor();
  t.pass();
});

test.serial('tabs: twenty of them fit, in each theme, and the menu of a split', async (t) => {
  const opened = await openPage(t, browser());
  const { page, terminal } = opened;
  const many = tabs(
    ...Array.from({ length: 19 }, (_, at) => `program-${at + 1}`),
    '[a-program-with-a-rather-long-name-of-40]',
  );
  many[3]!.activity = true;
  many[18]!.bell = true;
  many[19]!.panes.push({ id: '%99', active: false });
  terminal.windows(many);
  const last = page.getByRole('tab', { name: /^20/ });
  await last.waitFor();
  await until(async () => {
    const box = await last.boundingBox();
    return box !== null && box.x + box.width < 1_280;
  }, 'the shown tab is in sight');
  for (const theme of ['dark', 'light', 'contrast']) {
    await page.evaluate(`document.documentElement.dataset.theme = '${theme}'`);
    await takeScreenshot(page, `tabs-twenty-${theme}`);
    t.deepEqual(await accessibilityProblems(page), [], theme);
  }
  t.deepEqual(await cutOff(page), []);
  await page.locator('.xterm-helper-textarea').focus();
  await page.keyboard.press('Control+Shift+M');
  await page.getByRole('menu').waitFor();
  await takeScreenshot(page, 'tabs-menu');
  t.deepEqual(await accessibilityProblems(page), []);
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  await asked(opened, { do: 'close-pane', pane: '%19' });
  await page.getByRole('menu').waitFor({ state: 'hidden' });
});

test.serial('tabs: on a narrow phone they have a line of their own, which the terminal gives', async (t) => {
  const opened = await openPage(t, browser(), { visitor: germanOnNarrowPhone });
  const { page, terminal } = opened;
  terminal.windows(tabs('[bash]'));
  await page.getByRole('button', { name: 'Neuer Reiter' }).waitFor();
  t.deepEqual(await cutOff(page), []);
  await takeScreenshot(page, 'narrow-tabs-one');
  const before = terminal.handshakes.at(-1)!.size.rows;
  terminal.windows(tabs('bash', '[vim]', 'make'));
  await page.getByRole('tab', { name: '2 vim' }).waitFor();
  await until(() => (terminal.sizes.at(-1)?.rows ?? before) < before, 'fewer rows');
  t.deepEqual(await cutOff(page), []);
  await takeScreenshot(page, 'narrow-tabs');
  await page.getByRole('button', { name: 'Menü: Reiter und Teilen' }).click();
  await page.getByRole('menuitem', { name: 'Unten teilen' }).waitFor();
  t.deepEqual(await cutOff(page), []);
  await takeScreenshot(page, 'narrow-tabs-menu');
  t.deepEqual(await accessibilityProblems(page), []);
});

test.serial('tabs: who only looks on sees them, and asks for nothing', async (t) => {
  const opened = await openPage(t, browser(), {
    prepare: ({ terminal }) => {
      terminal.role = 'viewer';
    },
  });
  const { page, terminal } = opened;
  terminal.windows(tabs('[bash]', 'vim'));
  await page.getByRole('tab', { name: '2 vim' }).click({ force: true });
  await page.getByRole('tab', { name: '2 vim' }).dblclick({ force: true });
  await page.keyboard.press('Control+Shift+Y');
  t.false(await page.getByRole('button', { name: 'New tab' }).isVisible());
  await typeText(page, 'x');
  await until(() => terminal.inputs.length === 1, 'a key');
  t.deepEqual(terminal.windowRequests, []);
});
