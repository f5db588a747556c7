// Sessions that a visitor, an administrator or a fault ends: the page shows the reason and offers another
// terminal. idle.test.ts covers the ends by the system.

import test, { type ExecutionContext } from 'ava';
import type { Page } from 'playwright-core';
import { texts } from '../../frontend/texts.ts';
import { shareBrowser, typeText, waitForScreen, waitForState } from '../helpers/frontend-browser.ts';
import { skipIf } from '../helpers/skip.ts';
import {
  deleteCurrent,
  isClaimed,
  openTab,
  openTerminal,
  poolIsReady,
  shareTestSystem,
  whyNotIsolated,
} from '../helpers/system.ts';

// A pod that is replaced on a busy cluster takes more than a minute.
const patienceMs = 180_000;
/** A pattern for the server's process that does not match the shell that runs the command. */
const server = 'terminal.mj[s]';

// A visitor kills their own terminal's server. Without isolation the command would also kill other servers.
const isolated = skipIf(await whyNotIsolated(), test.serial, test.serial.skip);
const browser = shareBrowser(test);
const system = shareTestSystem(test, {
  replicas: 2,
  settings: { spare: '2', max: '8' },
  // Fails only if a visitor requests it.
  beforeExit: 'test ! -e fail || { echo pushing-$((1 + 1)); exit 3; }',
});

/** A visitor with a new terminal and a file in it. */
async function atWork(t: ExecutionContext) {
  await poolIsReady(system(), 2);
  const used = new Set((await system().kubernetes.pods()).filter(isClaimed).map(({ metadata }) => metadata.uid));
  const { page, context } = await openTerminal(t, system(), browser());
  await typeText(page, 'touch ~/mine; echo written-$((1 + 1))\n');
  await waitForScreen(page, /^written-2$/m);
  const [pod] = (await system().kubernetes.pods()).filter((one) => isClaimed(one) && !used.has(one.metadata.uid));
  return { page, context, pod: pod!.metadata };
}

/** The page shows why the session ended, and Enter opens an unused terminal. */
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
  t.regex(await waitForScreen(page, /^\d$/m), new RegExp(`^${count}$`, 'm'));
}

test.serial('ends: a terminal ended in another tab is reported in both', async (t) => {
  const { page, context } = await atWork(t);
  const other = await openTab(system(), context);
  await waitForScreen(other, /^written-2$/m);
  t.is(await deleteCurrent(other), 204);
  await waitForState(other, 'ended', patienceMs);
  await other.getByRole('alertdialog', { name: texts.endings.owner.title }).waitFor();
  await page.bringToFront();
  await isToldAndOver(t, page, texts.endings.owner);
});

test.serial('ends: a pod deleted by an administrator is reported', async (t) => {
  const { page, pod } = await atWork(t);
  await system().kubernetes.deletePod(pod.name);
  await isToldAndOver(t, page, texts.endings.administrator);
});

test.serial('ends: a failed hook and its output are shown', async (t) => {
  const { page } = await atWork(t);
  await typeText(page, 'touch ~/fail; exit\n');
  await waitForState(page, 'ended', patienceMs);
  const told = page.getByRole('alertdialog', { name: texts.endings.exit.title });
  await told.getByText('Saving your work has failed (exit code 3).').waitFor();
  await told.getByText('pushing-2').waitFor();
  await isToldAndOver(t, page, texts.endings.exit);
});

isolated('inv 2: a terminal whose server died is started again, says so, and has the files', async (t) => {
  const { page, pod } = await atWork(t);
  await typeText(page, `pkill -KILL -f ${server}\n`);
  await page.getByRole('complementary').getByText(texts.replaced.run).waitFor({ timeout: patienceMs });
  await waitForState(page, 'connected', patienceMs);
  await hasFiles(t, page, 1);
  t.is((await system().kubernetes.pod(pod.name))?.metadata.uid, pod.uid);
});

isolated('a terminal that is gone without a word is replaced by another one, which says so', async (t) => {
  const { page, pod } = await atWork(t);
  // A stopped server behaves like one on a machine that lost power: it sends nothing.
  await typeText(page, `pkill -STOP -f ${server}\n`);
  await waitForState(page, 'reconnecting', patienceMs);
  await system().kubernetes.deletePod(pod.name, 0);
  await page.getByRole('complementary').getByText(texts.replaced.terminal).waitFor({ timeout: patienceMs });
  await waitForState(page, 'connected', patienceMs);
  await hasFiles(t, page, 0);
});
