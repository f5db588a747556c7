// The mouse, which tmux has: what the page shows of it, with the real tmux of a terminal.

import test from 'ava';
import { openBrowser, typeText, waitForScreen } from '../helpers/frontend-browser.ts';
import { openTerminal, poolIsReady, startTestSystem, until } from '../helpers/system.ts';

test.serial(
  'the wheel goes through the history, and what is dragged over is copied once that is allowed',
  async (t) => {
    const system = await startTestSystem(t);
    await poolIsReady(system, 1);
    const browser = await openBrowser(t);
    const { page } = await openTerminal(system, browser);
    await typeText(page, 'clear; seq -f "line-%03g" 1 200\n');
    await waitForScreen(page, /^line-200$/m);
    const screen = (await page.locator('.xterm-screen').boundingBox())!;
    await page.mouse.move(screen.x + 100, screen.y + 100);
    await until('the history', async () => {
      await page.mouse.wheel(0, -200);
      return /^line-150$/m.test(await waitForScreen(page, /line-/));
    });

    // Browsers write to the clipboard only where pages come by HTTPS or from the same machine.
    await page.evaluate(`window.copied = [];
    const writeText = async (text) => void window.copied.push(text);
    Object.defineProperty(navigator, 'clipboard', { value: { writeText }, configurable: true });`);
    await page.mouse.move(screen.x + 2, screen.y + 100);
    await page.mouse.down();
    await page.mouse.move(screen.x + 80, screen.y + 100, { steps: 5 });
    await page.mouse.up();
    await page.getByRole('button', { name: 'Allow', exact: true }).click();
    const copied = () => page.evaluate<string[]>('window.copied');
    await until('a copy', async () => (await copied()).length > 0);
    t.regex((await copied())[0]!, /^line-\d{3}/);
  },
);
