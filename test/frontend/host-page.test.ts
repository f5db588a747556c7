// The host's page in a real Chromium, against the real webserver.

import test from 'ava';
import type { Page } from 'playwright-core';
import { accessibilityProblems } from '../helpers/frontend-axe.ts';
import { shareBrowser } from '../helpers/frontend-browser.ts';
import { openPage } from '../helpers/frontend-page.ts';
import { takeScreenshot } from '../helpers/frontend-screenshot.ts';
import { hostToken } from '../helpers/webserver-app.ts';

const browser = shareBrowser(test);

const link = `/host#token=${encodeURIComponent(hostToken)}`;
const row = (page: Page, name: string) => page.getByRole('row', { name });

test.serial(
  'host page: shows connected visitors, visitors who never connected and visitors who are stuck',
  async (t) => {
    const { page, complaints } = await openPage(t, browser(), { path: link, until: false });
    await page.getByRole('heading', { name: 'workshop' }).waitFor();
    await page.getByText('4 in use · 1 ready · 1 starting').waitFor();
    t.regex(String(await row(page, 'workshop-1').textContent()), /In use42 min1 browser\d+ s ago/);
    t.regex(String(await row(page, 'workshop-2').textContent()), /17 min ago/);
    t.is(await row(page, 'workshop-2').getAttribute('data-attention'), 'lastInput');
    t.is(await row(page, 'workshop-3').getAttribute('data-attention'), 'people');
    t.regex(String(await row(page, 'git-course').textContent()), /Openuntil .*4 of 6 taken · 1 ready · 1 not ready$/);
    t.is(await row(page, 'git-course').getAttribute('data-attention'), 'seats');
    t.deepEqual(complaints, []);
  },
);

test.serial(
  'the token leaves the address bar, goes to the webserver only as a header, and survives a reload',
  async (t) => {
    const { page, webserver } = await openPage(t, browser(), { path: link, until: false });
    await row(page, 'workshop-0').waitFor();
    t.is(page.url(), `${webserver.url}/host`);
    await page.reload();
    await row(page, 'workshop-0').waitFor();
  },
);

test.serial('host page: refreshes its data, and reports an outage', async (t) => {
  const { page, webserver, complaints } = await openPage(t, browser(), { path: link, until: false });
  await row(page, 'workshop-0').waitFor();
  webserver.manager.misbehave = () => ({ status: 502, body: 'Bad Gateway' });
  await page.getByText('No answer. What you see is old; trying again.').waitFor();
  t.true(await row(page, 'workshop-0').isVisible());
  const pool = { name: 'later', replicas: 0, ready: 0, inUse: 0, recreating: 0, broken: 1, waiting: 2, problems: [] };
  const settings = {
    spare: 'auto',
    min: 0,
    max: 6,
    idleTimeoutMs: 1,
    maxLifetimeMs: 1,
    connectTimeoutMs: 1,
    scaleDownDelayMs: 1,
    startTimeoutMs: 1,
    silenceTimeoutMs: 1,
    maxPerVisitor: 'none',
    maxPerAddress: 'none',
    claimsPerMinute: 'none',
    challengeFrom: 'none',
    maxWaiting: 200,
    maxWaitingPerAddress: 'none',
  };
  const reason = 'ImagePullBackOff: Back-off pulling image';
  const pods = [{ name: 'later-0', ordinal: 0, state: 'broken', reason }];
  const body = JSON.stringify({ pools: [{ ...pool, spare: 2, problems: ['spare: no'], windows: [], settings, pods }] });
  webserver.manager.misbehave = () => ({ status: 200, body });
  await page.getByRole('heading', { name: 'later' }).waitFor();
  await page.getByText('0 in use · 0 ready · 1 broken · 2 waiting · spare auto: 2').waitFor();
  await row(page, 'later-0').getByRole('cell', { name: reason }).waitFor();
  t.is(await row(page, 'later-0').getByRole('cell').count(), 3);
  await page.getByText('spare: no').waitFor();
  t.is(await page.getByText('Window').filter({ visible: true }).count(), 0, 'there is none');
  t.deepEqual(
    complaints.filter((text) => !text.includes('503')),
    [],
  );
});

test.serial('host page: without a token it asks for one, refuses a wrong one, and keeps the right one', async (t) => {
  const { page } = await openPage(t, browser(), { path: '/host', until: false });
  const field = page.getByLabel('Host token');
  await field.fill('wrong');
  await page.getByRole('button', { name: 'Open' }).click();
  await page.getByText('This is not the host token.').waitFor();
  await takeScreenshot(page, 'host-token');
  t.deepEqual(await accessibilityProblems(page), []);
  t.is(await page.getByRole('row').count(), 0);
  await field.fill(` ${hostToken} `);
  await page.keyboard.press('Enter');
  await row(page, 'workshop-0').waitFor();
  t.false(page.url().includes(hostToken));
  await page.reload();
  await row(page, 'workshop-0').waitFor();
});

test.serial('host page: a link with a wrong token asks for the right one', async (t) => {
  const { page } = await openPage(t, browser(), { path: '/host#token=wrong', until: false });
  await page.getByText('This is not the host token.').waitFor();
  t.is(await page.getByRole('row').count(), 0);
});

test.serial(
  'axe finds nothing wrong in it, dark or light, and on a phone its tables scroll within the page',
  async (t) => {
    const { page } = await openPage(t, browser(), { path: link, until: false });
    await row(page, 'workshop-0').waitFor();
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme });
      await takeScreenshot(page, `host-${colorScheme}`);
      t.deepEqual(await accessibilityProblems(page), []);
    }
    await page.setViewportSize({ width: 360, height: 640 });
    await takeScreenshot(page, 'host-narrow');
    t.is(await page.evaluate('document.documentElement.scrollWidth'), 360);
    t.deepEqual(await accessibilityProblems(page), []);
  },
);
