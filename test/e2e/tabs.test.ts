// Tabs and splits, with the real tmux of a terminal.

import test from 'ava';
import {
  readScreen,
  shareBrowser,
  stillAnswers,
  typeText,
  waitForScreen,
  waitForState,
} from '../helpers/frontend-browser.ts';
import { takeScreenshot } from '../helpers/frontend-screenshot.ts';
import { openTab, openTerminal, shareTestSystem, until } from '../helpers/system.ts';

const browser = shareBrowser(test);
const system = shareTestSystem(test);

test.serial(
  'tabs: a second shell takes input, survives a reload, and is the same in another browser tab',
  async (t) => {
    const { page, context } = await openTerminal(t, system(), browser());
    await stillAnswers(page, 'first');
    await page.getByRole('button', { name: 'New tab' }).click();
    await page.getByRole('tab', { name: /^2 / }).waitFor();
    await until('a fresh shell', async () => !(await readScreen(page)).includes('first-2'));
    await stillAnswers(page, 'second');
    await typeText(page, 'sleep 1000\n');
    await page.getByRole('tab', { name: '2 sleep' }).waitFor();
    await page.reload();
    await waitForState(page, 'connected');
    await page.getByRole('tab', { name: '2 sleep', selected: true }).waitFor();
    await waitForScreen(page, /second-2/);

    const other = await openTab(system(), context);
    await other.getByRole('tab', { name: '2 sleep', selected: true }).waitFor();
    await other.getByRole('tab', { name: /^1 / }).click();
    await page.getByRole('tab', { name: /^1 /, selected: true }).waitFor();
    await waitForScreen(page, /first-2/);
    await stillAnswers(page, 'back');

    await page.keyboard.press('Control+Shift+M');
    await page.getByRole('menuitem', { name: 'Split to the right' }).click();
    await waitForScreen(page, /│/);
    await typeText(page, 'echo pa""ne\n');
    await waitForScreen(page, /pane/);
    await takeScreenshot(page, 'tabs-split');
    await typeText(page, 'exit\n');
    await until('one pane', async () => !(await readScreen(page)).includes('│'));

    await page.getByRole('tab', { name: '2 sleep' }).focus();
    await page.keyboard.press('Delete');
    await page.getByText('sleep is running there. Closing ends it.').waitFor();
    await page.getByRole('alert').getByRole('button', { name: 'Close' }).click();
    await page.getByRole('tablist').waitFor({ state: 'hidden' });
    await stillAnswers(page, 'last');
    await typeText(page, 'exit\n');
    await waitForState(page, 'ended');
    t.pass();
  },
);
