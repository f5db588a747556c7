// The waiting room as visitors meet it when all terminals are in use.

import test from 'ava';
import { openBrowser, waitForScreen, waitForState } from '../helpers/frontend-browser.ts';
import { claimSoon, createVisitor, poolIsReady, poolStatus, startTestSystem, until } from '../helpers/system.ts';

type Visitor = ReturnType<typeof createVisitor>;

// Longer than a real cluster takes to replace a manager, and then a terminal.
const longMs = 240_000;

/** Asks until there is a place in line; returns it. */
const placeOf = (visitor: Visitor): Promise<number> =>
  until('a place in line', async () => {
    const answer = await visitor.ask().catch(() => undefined);
    return answer?.status === 'waiting' && answer.place;
  });

const end = (visitor: Visitor) => visitor.call('DELETE', '/api/terminals/current');

test.serial('the page waits in line, keeps its place over a reload, and opens the terminal by itself', async (t) => {
  const system = await startTestSystem(t, { replicas: 1, settings: { spare: '1', max: '1', connectTimeout: '30m' } });
  await poolIsReady(system, 1);
  const owner = createVisitor(system);
  await claimSoon(owner);
  const browser = await openBrowser(t);
  const pages = [];
  for (const title of ['You are next', 'You are number 2 in line']) {
    const page = await (await browser.newContext()).newPage();
    await page.goto(`${system.pageUrl}?renderer=dom`);
    await page.getByRole('heading', { name: title }).waitFor();
    pages.push(page);
  }
  const [first, second] = pages as [(typeof pages)[number], (typeof pages)[number]];
  await first.reload();
  await first.getByRole('heading', { name: 'You are next' }).waitFor();
  await end(owner);
  await waitForState(first, 'connected', longMs);
  await waitForScreen(first, /\$/);
  await second.getByRole('heading', { name: 'You are next' }).waitFor();
  await second.close();
  await until('nobody in line', async () => (await poolStatus(system)).waiting === 0);
  t.pass();
});

test.serial('a pool that is closed while somebody waits says so, and lets nobody in', async (t) => {
  const system = await startTestSystem(t, { replicas: 1, settings: { spare: '1', max: '1', connectTimeout: '30m' } });
  await poolIsReady(system, 1);
  const owner = createVisitor(system);
  const { name } = await claimSoon(owner);
  const waiting = createVisitor(system);
  await placeOf(waiting);
  await system.kubernetes.annotate({ 'warmterm.dev/max': '0' });
  const closed = { status: 410, body: { code: 'pool-closed', retryable: false } };
  await until('the end', async () => (await waiting.call('POST', '/api/terminals', { place: 1 })).status === 410);
  t.like(await waiting.call('POST', '/api/terminals'), closed);
  t.is((await owner.claim()).name, name, 'whoever has a terminal keeps it');
});
