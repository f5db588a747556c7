// Searching what has scrolled away: the page, and the real tmux of a terminal that keeps it.

import test from 'ava';
import { openBrowser, stillAnswers, typeText, waitForScreen } from '../helpers/frontend-browser.ts';
import { openTerminal, poolIsReady, startTestSystem } from '../helpers/system.ts';

test.serial('what scrolled away is found with its count, next and previous, and Escape leads back', async (t) => {
  const system = await startTestSystem(t);
  await poolIsReady(system, 1);
  const browser = await openBrowser(t);
  const { page } = await openTerminal(system, browser);
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

  // Whoever types into the terminal has found what they wanted.
  await page.keyboard.press('Control+Shift+F');
  await count('Match 111 of 111');
  await page.locator('.xterm-helper-textarea').focus();
  await stillAnswers(page, 'typed');
  t.false(await field.isVisible());
});
