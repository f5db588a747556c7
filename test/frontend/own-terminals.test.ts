// The visitor's terminals: time left, end, restart; in a real Chromium.

import test from 'ava';
import { ServiceError } from '../../common/errors.ts';
import { accessibilityProblems } from '../helpers/frontend-axe.ts';
import { shareBrowser, until, waitForState } from '../helpers/frontend-browser.ts';
import { type OpenPage, openPage } from '../helpers/frontend-page.ts';
import { takeScreenshot } from '../helpers/frontend-screenshot.ts';

const browser = shareBrowser(test);

const openDialog = async ({ page }: OpenPage) => {
  await page.getByRole('button', { name: /^Connected/ }).click();
  return page.getByRole('dialog', { name: 'Your terminals' });
};

/** Waits until the page has ended the terminal, and reports the end to the page as the terminal does. */
async function ended({ webserver, terminal }: OpenPage): Promise<void> {
  await until(() => webserver.manager.requests.some(({ method }) => method === 'DELETE'), 'the end of the terminal');
  for (const socket of terminal.sockets) socket.emit('ended', 'owner');
}

const claims = ({ webserver }: OpenPage) =>
  webserver.manager.requests.filter(({ method, path }) => method === 'POST' && path === '/api/terminals').length;

test.serial('terminals: the dialog says how long this one lasts, and ends it', async (t) => {
  const opened = await openPage(t, browser());
  const dialog = await openDialog(opened);
  await dialog.getByText(/^It ends at .+\. It ends earlier after 15 minutes without input\. Its files/).waitFor();
  await takeScreenshot(opened.page, 'terminals');
  t.deepEqual(await accessibilityProblems(opened.page), []);
  await dialog.getByRole('button', { name: 'End it', exact: true }).click();
  await ended(opened);
  await waitForState(opened.page, 'ended');
  t.is(claims(opened), 1);
});

test.serial('terminals: a restart ends the terminal and claims another', async (t) => {
  const opened = await openPage(t, browser());
  const dialog = await openDialog(opened);
  await dialog.getByRole('button', { name: 'End it and start a new one' }).click();
  await ended(opened);
  await until(() => claims(opened) === 2, 'another claim');
  await waitForState(opened.page, 'connected');
  t.false(await dialog.isVisible());
});

test.serial('terminals: a failed end is reported, and the terminal stays', async (t) => {
  const opened = await openPage(t, browser());
  opened.webserver.manager.misbehave = ({ method }) =>
    method === 'DELETE' ? new ServiceError('unavailable', 'Not now.') : undefined;
  const dialog = await openDialog(opened);
  await dialog.getByRole('button', { name: 'End it and start a new one' }).click();
  await dialog.getByText('That did not work. Try again.').waitFor();
  await waitForState(opened.page, 'connected');
  t.is(claims(opened), 1);
});

test.serial('terminals: a visitor with too many sees them, and can end one', async (t) => {
  const opened = await openPage(t, browser(), { path: '/?renderer=dom&pool=other' });
  const { page, webserver } = opened;
  webserver.manager.misbehave = ({ method, path }) =>
    method === 'POST' && path === '/api/terminals'
      ? new ServiceError('too-many-requests', 'Enough.', { retryAfter: 3_000, limit: { of: 'visitor', most: 1 } })
      : undefined;
  await page.goto(`${webserver.url}/?renderer=dom&pool=default`);
  await waitForState(page, 'waiting');
  await page.getByRole('button', { name: 'Show my terminals' }).click();
  const dialog = page.getByRole('dialog', { name: 'Your terminals' });
  await dialog.getByText('Another terminal (other)').waitFor();
  await dialog.getByRole('button', { name: 'End it', exact: true }).click();
  await dialog.getByText('You have no terminal at the moment.').waitFor();
  t.true(webserver.manager.requests.some(({ method, path }) => method === 'DELETE' && path.includes('pool=other')));
});

test.serial('terminals: in the last tenth of the lifetime, the bar shows the time of the end', async (t) => {
  const { page } = await openPage(t, browser(), {
    prepare: ({ webserver }) => {
      // The fake terminals were claimed long ago.
      webserver.manager.expiresAt = new Date(Date.now() + 60_000).toISOString();
    },
  });
  await page.getByRole('button', { name: /^Connected · ends at \d/ }).waitFor();
  t.pass();
});
