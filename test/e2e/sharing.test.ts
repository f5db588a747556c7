// A shared terminal in two real browsers, with real pods and links signed by a real manager.

import test from 'ava';
import type { Page } from 'playwright-core';
import { accessibilityProblems } from '../helpers/frontend-axe.ts';
import { readScreen, shareBrowser, typeText, waitForScreen, waitForState } from '../helpers/frontend-browser.ts';
import { takeScreenshot } from '../helpers/frontend-screenshot.ts';
import { openTerminal, shareTestSystem } from '../helpers/system.ts';

const browser = shareBrowser(test);
const system = shareTestSystem(test, { replicas: 2, settings: { spare: '1', max: '4' } });

async function makeLink(page: Page, role: 'viewer' | 'editor'): Promise<string> {
  await page.getByRole('button', { name: 'Share this terminal' }).click();
  const dialog = page.getByRole('dialog', { name: 'Share this terminal' });
  await dialog.getByLabel('Guests').selectOption(role);
  await dialog.getByRole('button', { name: 'Make a link' }).click();
  const field = dialog.getByRole('textbox', { name: 'The link' });
  await field.waitFor();
  await takeScreenshot(page, 'share');
  const link = await field.inputValue();
  await page.keyboard.press('Escape');
  return link;
}

/** A guest in a separate browser, with a window of another size. */
async function come(link: string, name: string, size = { width: 700, height: 420 }) {
  const context = await browser().newContext({ viewport: size });
  const page = await context.newPage();
  const requests: Record<string, string>[] = [];
  page.on('request', (request) => void requests.push(request.headers()));
  await page.goto(link.replace('#', '?renderer=dom#'));
  await page.getByLabel('Your name').fill(name);
  return { context, page, requests, join: () => page.getByRole('button', { name: 'Join' }).click() };
}

test.serial('sharing: a viewer opens a link, requests the pen, types, and is removed', async (t) => {
  const { page: owner } = await openTerminal(t, system(), browser());
  await typeText(owner, 'PS1="ready> "; clear; stty size\n');
  const size = /^(\d+) (\d+)$/m.exec(await waitForScreen(owner, /^\d+ \d+$/m))!;
  const guest = await come(await makeLink(owner, 'viewer'), '<img src=x onerror=alert(1)>');
  t.teardown(() => guest.context.close());
  await takeScreenshot(guest.page, 'guest-name');
  t.deepEqual(await accessibilityProblems(guest.page), []);
  await guest.join();
  await waitForState(guest.page, 'connected');
  // The guest's smaller window shows the owner's whole screen.
  await waitForScreen(guest.page, new RegExp(`^${size[0]}$`, 'm'));
  const box = (await guest.page.locator('.xterm-screen').boundingBox())!;
  const view = guest.page.viewportSize()!;
  const fits = box.x + box.width <= view.width && box.y + box.height <= view.height;
  t.true(fits, 'the screen of the owner does not fit');
  await takeScreenshot(guest.page, 'guest');
  t.deepEqual(await accessibilityProblems(guest.page), []);
  await typeText(guest.page, 'echo intru""der\n');
  await guest.page.getByRole('button', { name: 'Ask to type' }).click();
  const question = owner.getByRole('alert').filter({ hasText: 'asks to type here' });
  await question.waitFor();
  t.true((await question.innerText()).includes('<img src=x onerror=alert(1)>'));
  await takeScreenshot(owner, 'share-question');
  await question.getByRole('button', { name: 'Let type' }).click();
  await guest.page.getByRole('button', { name: 'Stop typing' }).waitFor();
  await guest.page.locator('.xterm-helper-textarea').focus();
  await typeText(guest.page, 'clear; echo gu""est; stty size\n');
  // xterm.js keeps invisible cells beyond a narrower screen.
  const screen = await waitForScreen(owner, /^guest\b.*\n\d+ \d+\b/m);
  t.notRegex(screen, /intruder/);
  t.notRegex(screen, new RegExp(`^${size[0]}\\b`, 'm'), 'the window of the one who types sets the size');
  await typeText(owner, 'clear; echo ba""ck; stty size\n');
  await waitForScreen(owner, new RegExp(`^back\\n${size[0]}$`, 'm'));
  await guest.page.getByRole('button', { name: 'Ask to type' }).waitFor();
  await guest.page.reload();
  await waitForState(guest.page, 'connected');
  t.true(guest.requests.every((headers) => headers['warmterm-visitor'] === undefined && headers.cookie === undefined));
  await owner.getByRole('button', { name: '2 here' }).click();
  await takeScreenshot(owner, 'share-people');
  t.deepEqual(await accessibilityProblems(owner), []);
  await owner.getByRole('button', { name: 'Remove' }).click();
  await waitForState(guest.page, 'error');
  await guest.page.getByRole('heading', { name: 'You were removed' }).waitFor();
  await takeScreenshot(guest.page, 'guest-removed');
});

test.serial('sharing: ending the links refuses new guests and disconnects present ones', async (t) => {
  const { page: owner } = await openTerminal(t, system(), browser());
  await typeText(owner, 'PS1="ready> "; clear\n');
  const link = await makeLink(owner, 'editor');
  const editor = await come(link, 'Edo');
  t.teardown(() => editor.context.close());
  await editor.join();
  await waitForState(editor.page, 'connected');
  await editor.page.getByRole('button', { name: 'Type here' }).click();
  await editor.page.getByRole('button', { name: 'Stop typing' }).waitFor();
  await owner.getByRole('button', { name: 'Share this terminal' }).click();
  await owner.getByRole('button', { name: 'End all links' }).click();
  await owner.getByText('all guests have been removed').waitFor();
  await editor.page.getByRole('heading', { name: 'You were removed' }).waitFor();
  const late = await come(link, 'Late');
  t.teardown(() => late.context.close());
  await late.join();
  await late.page.getByRole('heading', { name: 'This link does not work any more' }).waitFor();
  await takeScreenshot(late.page, 'link-ended');
  t.notRegex(await readScreen(late.page), /ready/);
});
