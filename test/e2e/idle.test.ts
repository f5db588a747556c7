// Sessions that the system ends: the page says why, and Enter opens an unused terminal.

import test, { type ExecutionContext } from 'ava';
import type { Page } from 'playwright-core';
import { texts } from '../../frontend/texts.ts';
import { shareBrowser, typeText, waitForScreen, waitForState } from '../helpers/frontend-browser.ts';
import {
  createVisitor,
  deleteCurrent,
  isReady,
  openTerminal,
  poolIsReady,
  shareTestSystem,
  until,
  visitorOf,
} from '../helpers/system.ts';

// A pod that is replaced on a busy cluster takes more than a minute.
const patienceMs = 180_000;
const browser = shareBrowser(test);
// A single terminal, so that the next visitor gets the same ordinal.
const system = shareTestSystem(test, {
  // A long warning leaves time to type, also on a busy machine.
  settings: { spare: '1', max: '1', idleTimeout: '7s' },
  idleWarning: '6s',
});

/** Presses Enter, checks that the new terminal has none of the old files, and ends it. */
async function hasFreshTerminal(t: ExecutionContext, page: Page): Promise<void> {
  await page.keyboard.press('Enter');
  await waitForState(page, 'connected', patienceMs);
  await typeText(page, 'clear; ls -A ~ /tmp | grep -c mine\n');
  t.regex(await waitForScreen(page, /^\d$/m), /^0$/m);
  t.is(await deleteCurrent(page), 204);
}

test.serial('inv 1, 6: an idle visitor is warned, the session ends, and its pod is recreated', async (t) => {
  await poolIsReady(system(), 1);
  const [before] = await system().kubernetes.pods();
  const { page } = await openTerminal(t, system(), browser());
  await typeText(page, 'echo s3cret | tee ~/mine /tmp/mine\n');
  await waitForScreen(page, /^s3cret$/m);

  const warning = page.getByText(/Still there\? This terminal closes in \d/);
  await warning.waitFor();
  t.regex(await page.title(), /^Closes soon · /);
  await typeText(page, '#');
  await warning.waitFor({ state: 'hidden' });
  await warning.waitFor();
  t.regex((await warning.textContent()) ?? '', /closes in [1-7] s/);

  await waitForState(page, 'ended', patienceMs);
  const { title, detail } = texts.endings.idle;
  await page.getByRole('alertdialog', { name: title }).getByText(detail).waitFor();
  // Until the pod is deleted, it shows this visitor or none, never another.
  const visitor = visitorOf((await system().kubernetes.pod(before!.metadata.name)) ?? before!);
  const after = await until('the pod recreated', async () => {
    const pod = await system().kubernetes.pod(before!.metadata.name);
    if (pod?.metadata.uid === before!.metadata.uid) {
      t.true(visitorOf(pod) === visitor);
      return undefined;
    }
    return pod && isReady(pod) ? pod : undefined;
  });
  t.is(visitorOf(after), undefined);
  await hasFreshTerminal(t, page);
});

test.serial('inv 6: a claimed terminal without a connection is released', async (t) => {
  await poolIsReady(system(), 1);
  await system().kubernetes.annotate({ 'warmterm.dev/connect-timeout': '1s' });
  const { name } = await createVisitor(system()).claim();
  const claimed = await system().kubernetes.pod(name);
  await until('another pod in its place', async () => {
    const pod = await system().kubernetes.pod(name);
    return pod && pod.metadata.uid !== claimed?.metadata.uid && isReady(pod);
  });
  await system().kubernetes.annotate({ 'warmterm.dev/connect-timeout': '1h' });
  t.regex(await until('the Event', async () => (await system().kubernetes.eventsOf('Reaped'))[0]), /connect-timeout/);
});

test.serial('inv 6: the maximum lifetime ends a busy session', async (t) => {
  await poolIsReady(system(), 1);
  // Output does not count as input, so the idle timeout must be longer.
  await system().kubernetes.annotate({ 'warmterm.dev/idle-timeout': '1h' });
  const { page } = await openTerminal(t, system(), browser());
  await typeText(page, 'touch ~/mine; while :; do echo busy; sleep 0.1; done\n');
  await waitForScreen(page, /^busy$/m);
  await system().kubernetes.annotate({ 'warmterm.dev/max-lifetime': '8s' });
  await waitForState(page, 'ended', patienceMs);
  const { title, detail } = texts.endings.lifetime;
  await page.getByRole('alertdialog', { name: title }).getByText(detail).waitFor();
  t.regex(await page.title(), /^Ended · /);
  await system().kubernetes.annotate({ 'warmterm.dev/max-lifetime': '1h' });
  await hasFreshTerminal(t, page);
});
