import test from 'ava';
import { openBrowser, typeText, waitForScreen, waitForState } from '../helpers/frontend-browser.ts';
import { isReady, openTerminal, poolIsReady, startTestSystem, until, visitorOf } from '../helpers/system.ts';

test.serial(
  'inv 1, 6: an idle visitor is warned, the session ends, and its pod is recreated with an empty home',
  async (t) => {
    const system = await startTestSystem(t, {
      settings: { spare: '1', max: '1', idleTimeout: '6s' },
      idleWarning: '3s',
    });
    await poolIsReady(system, 1);
    const [before] = await system.kubernetes.pods();
    const browser = await openBrowser(t);
    const { page } = await openTerminal(system, browser);
    await typeText(page, 'echo s3cret | tee ~/mine /tmp/mine\n');
    await waitForScreen(page, /^s3cret$/m);

    const warning = page.getByText(/Still there\? This terminal closes in \d/);
    await warning.waitFor({ timeout: 10_000 });
    await typeText(page, '#');
    await warning.waitFor({ state: 'hidden' });
    await warning.waitFor({ timeout: 10_000 });
    t.regex((await warning.textContent()) ?? '', /closes in [1-4] s/);

    await waitForState(page, 'ended');
    await page
      .getByText(/was idle/)
      .first()
      .waitFor();
    // Until its pod is gone, it is nobody else's: whoever looks sees this visitor on it, or no visitor at all.
    const visitor = visitorOf((await system.kubernetes.pod(before!.metadata.name)) ?? before!);
    const after = await until('the pod recreated', async () => {
      const pod = await system.kubernetes.pod(before!.metadata.name);
      if (pod?.metadata.uid === before!.metadata.uid) {
        t.true(visitorOf(pod) === visitor);
        return undefined;
      }
      return pod && isReady(pod) ? pod : undefined;
    });
    t.is(visitorOf(after), undefined);

    const next = await openTerminal(system, browser);
    await typeText(next.page, 'ls -A ~ /tmp | grep -c mine\n');
    await waitForScreen(next.page, /^0$/m);
    t.not(after.metadata.uid, before!.metadata.uid);
  },
);

test.serial('inv 6: whoever claims a terminal and never connects loses it', async (t) => {
  const system = await startTestSystem(t, { settings: { spare: '1', max: '1', connectTimeout: '1s' } });
  await poolIsReady(system, 1);
  const response = await fetch(`${system.pageUrl}api/terminals`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: new URL(system.pageUrl).origin },
    body: '{}',
  });
  t.is(response.status, 201);
  const { name } = (await response.json()) as { name: string };
  const claimed = await system.kubernetes.pod(name);
  await until('another pod in its place', async () => {
    const pod = await system.kubernetes.pod(name);
    return pod && pod.metadata.uid !== claimed?.metadata.uid && isReady(pod);
  });
});

test.serial('inv 6: the longest lifetime ends also a busy session', async (t) => {
  const system = await startTestSystem(t, { settings: { spare: '1', max: '2', maxLifetime: '4s' } });
  const { page } = await openTerminal(system, await openBrowser(t));
  await typeText(page, 'while :; do echo busy; sleep 0.1; done\n');
  await waitForState(page, 'ended', 15_000);
  await page.getByRole('heading', { name: 'Time is up' }).waitFor();
  t.pass();
});
