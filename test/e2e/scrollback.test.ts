// The history in the real tmux of a terminal: the page shows it by the mouse and by a search.

import test from 'ava';
import { shareBrowser, stillAnswers, typeText, waitForScreen } from '../helpers/frontend-browser.ts';
import { openTerminal, shareTestSystem, until } from '../helpers/system.ts';

const browser = shareBrowser(test);
const system = shareTestSystem(test);

test.serial('scrollback: the wheel scrolls, a drag copies, typing returns to the prompt', async (t) => {
  const { page } = await openTerminal(t, system(), browser());
  await typeText(page, 'clear; seq -f "line-%03g" 1 200\n');
  await waitForScreen(page, /^line-200$/m);
  const screen = (await page.locator('.xterm-screen').boundingBox())!;
  await page.mouse.move(screen.x + 100, screen.y + 100);
  await until('the history', async () => {
    await page.mouse.wheel(0, -200);
    // Any earlier line matches: several turns of the wheel may arrive before the page shows the first.
    return /^line-(?:0\d\d|1[0-4]\d|150)$/m.test(await waitForScreen(page, /line-/));
  });

  // Browsers write to the clipboard only in pages by HTTPS or from the same machine.
  await page.evaluate(`window.copied = [];
    const writeText = async (text) => void window.copied.push(text);
    Object.defineProperty(navigator, 'clipboard', { value: { writeText }, configurable: true });`);
  await page.mouse.move(screen.x + 2, screen.y + 100);
  await page.mouse.down();
  await page.mouse.move(screen.x + 80, screen.y + 100, { steps: 5 });
  await page.mouse.up();
  const copied = () => page.evaluate<string[]>('window.copied');
  await until('a copy', async () => (await copied()).length > 0);
  t.regex((await copied())[0]!, /^line-\d{3}/);
  await stillAnswers(page, 'scrolled');
  await waitForScreen(page, /^line-200$/m);
});

test.serial('scrollback: search shows the count, next and previous; Escape returns', async (t) => {
  const { page } = await openTerminal(t, system(), browser());
  await typeText(page, 'clear; seq -f "line %g of many" 5000\n');
  await waitForScreen(page, /^line 5000 of many$/m);

  await page.keyboard.press('Control+Shift+F');
  const field = page.getByRole('textbox', { name: 'Find in the terminal' });
  const count = (text: string) => page.getByRole('status').filter({ hasText: text }).waitFor({ state: 'attached' });
  await field.pressSequentially('line 17 of');
  await count('Match 1 of 1');
  await waitForScreen(page, /^line 17 of many$/m);

  await field.fill('line 17');
  await count('Match 111 of 111');
  await waitForScreen(page, /^line 1799 of many$/m);
  await page.keyboard.press('Enter');
  await count('Match 110 of 111');
  await page.getByRole('button', { name: 'Next match' }).click();
  await count('Match 111 of 111');
  await page.getByRole('button', { name: 'Next match' }).click();
  await count('Match 1 of 111');
  await waitForScreen(page, /^line 17 of many$/m);
  await page.getByRole('button', { name: 'Previous match' }).click();
  await count('Match 111 of 111');
  await waitForScreen(page, /^line 1799 of many$/m);

  await field.press('Escape');
  await waitForScreen(page, /^line 5000 of many$/m);
  await stillAnswers(page, 'escaped');

  // Typing into the terminal closes the search.
  await page.keyboard.press('Control+Shift+F');
  await count('Match 111 of 111');
  await page.locator('.xterm-helper-textarea').focus();
  await stillAnswers(page, 'typed');
  t.false(await field.isVisible());
});
