// How a session ends, as the one who had it sees it: each end says what has happened, and leads to another terminal. What a
// shell that was left does is in visitor.test.ts.

import test, { type ExecutionContext } from 'ava';
import type { Page } from 'playwright-core';
import { texts } from '../../frontend/texts.ts';
import { openBrowser, typeText, waitForScreen, waitForState } from '../helpers/frontend-browser.ts';
import { isClaimed, openTerminal, poolIsReady, startTestSystem, type TestSystem } from '../helpers/system.ts';

const patienceMs = 60_000;
/** The server, as it can be named in its own terminal without naming the shell that does. */
const server = 'terminal.mj[s]';

async function atWork(t: ExecutionContext, options: Parameters<typeof startTestSystem>[1] = {}) {
  const system = await startTestSystem(t, {
    replicas: 2,
    ...options,
    settings: { spare: '1', max: '4', ...options.settings },
  });
  await poolIsReady(system, 2);
  const { page, context } = await openTerminal(system, await openBrowser(t));
  await typeText(page, 'touch ~/mine; echo written-$((1 + 1))\n');
  await waitForScreen(page, /^written-2$/m);
  const [pod] = (await system.kubernetes.pods()).filter(isClaimed);
  return { system, page, context, pod: pod!.metadata };
}

/** The end is told, and Enter leads to a terminal that nobody has used. */
async function isToldAndOver(t: ExecutionContext, page: Page, { title, detail }: { title: string; detail: string }) {
  await waitForState(page, 'ended', patienceMs);
  const told = page.getByRole('alertdialog', { name: title });
  await told.getByText(detail).waitFor();
  t.regex(await page.title(), /^Ended · /);
  await page.keyboard.press('Enter');
  await waitForState(page, 'connected', patienceMs);
  await hasFiles(t, page, 0);
}

async function hasFiles(t: ExecutionContext, page: Page, count: number) {
  await typeText(page, 'clear; ls ~ | grep -c mine\n');
  await waitForScreen(page, new RegExp(`^${count}$`, 'm'));
  t.pass();
}

/** What somebody does to the server of their own terminal, where it is not everybody's. */
const mayReachServer = (t: ExecutionContext, { isolated }: TestSystem) => {
  if (!isolated) t.pass('without bubblewrap it would meet the servers of other terminals too');
  return isolated;
};

test.serial('a terminal that its owner ends in another tab says so in both', async (t) => {
  const { system, page, context } = await atWork(t);
  const other = await openTerminal(system, context.browser()!, context);
  await waitForScreen(other.page, /^written-2$/m);
  const status = await other.page.evaluate<number>(
    "fetch('/api/terminals/current', { method: 'DELETE' }).then(({ status }) => status)",
  );
  t.is(status, 204);
  await waitForState(other.page, 'ended', patienceMs);
  await other.page.getByRole('alertdialog', { name: texts.endings.owner.title }).waitFor();
  await page.bringToFront();
  await isToldAndOver(t, page, texts.endings.owner);
});

test.serial('a pod that an administrator deletes says so', async (t) => {
  const { system, page, pod } = await atWork(t);
  await system.kubernetes.deletePod(pod.name);
  await isToldAndOver(t, page, texts.endings.administrator);
});

test.serial('inv 6: who was idle too long is told, and may go on with another', async (t) => {
  const { page } = await atWork(t, { settings: { idleTimeout: '6s' }, idleWarning: '4s' });
  await page.getByText(/Still there\? This terminal closes in \d/).waitFor({ timeout: patienceMs });
  t.regex(await page.title(), /^Closes soon · /);
  await isToldAndOver(t, page, texts.endings.idle);
});

test.serial('inv 6: the end of the longest lifetime is told, and is not the last of terminals', async (t) => {
  const { page } = await atWork(t, { settings: { maxLifetime: '12s' } });
  await isToldAndOver(t, page, texts.endings.lifetime);
});

test.serial('work that could not be saved is told with the end of a shell, and what the hook has said', async (t) => {
  const { page } = await atWork(t, { beforeExit: 'echo pushing-$((1 + 1)); exit 3' });
  await typeText(page, 'exit\n');
  await waitForState(page, 'ended', patienceMs);
  const told = page.getByRole('alertdialog', { name: texts.endings.exit.title });
  await told.getByText('Saving your work has failed (exit code 3).').waitFor();
  await told.getByText('pushing-2').waitFor();
  await isToldAndOver(t, page, texts.endings.exit);
});

test.serial('inv 2: a terminal whose server died is started again, says so, and has the files', async (t) => {
  const { system, page, pod } = await atWork(t);
  if (!mayReachServer(t, system)) return;
  await typeText(page, `pkill -KILL -f ${server}\n`);
  await page.getByRole('complementary').getByText(texts.replaced.run).waitFor({ timeout: patienceMs });
  await waitForState(page, 'connected', patienceMs);
  await hasFiles(t, page, 1);
  t.is((await system.kubernetes.pod(pod.name))?.metadata.uid, pod.uid);
});

test.serial('a terminal that is gone without a word is replaced by another one, which says so', async (t) => {
  const { system, page, pod } = await atWork(t);
  if (!mayReachServer(t, system)) return;
  // It has no more to say than one on a machine that lost its power.
  await typeText(page, `pkill -STOP -f ${server}\n`);
  await waitForState(page, 'reconnecting', patienceMs);
  await system.kubernetes.deletePod(pod.name, 0);
  await page.getByRole('complementary').getByText(texts.replaced.terminal).waitFor({ timeout: patienceMs });
  await waitForState(page, 'connected', patienceMs);
  await hasFiles(t, page, 0);
});
