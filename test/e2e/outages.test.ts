// What happens to open terminals, and to claims, while parts of the system are away (inv 3, 9).

import test from 'ava';
import { openBrowser, typeText, waitForScreen, waitForState } from '../helpers/frontend-browser.ts';
import {
  createVisitor,
  isClaimed,
  openTerminal,
  poolIsReady,
  startTestSystem,
  type TestSystem,
  until,
  visitorOf,
} from '../helpers/system.ts';

/** Types something, and sees the answer: the terminal has noticed nothing. */
async function answers(page: Parameters<typeof typeText>[0], word: string): Promise<void> {
  await typeText(page, `echo ${word}-$((1 + 1))\n`);
  await waitForScreen(page, new RegExp(`^${word}-2$`, 'm'));
}

const managerAnswers = (system: TestSystem) =>
  until('the manager', () =>
    fetch(`${system.managerUrl}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );

test.serial(
  'inv 1, 3, 9: a manager killed in mid-traffic: open terminals do not notice, and every claim is known afterwards',
  async (t) => {
    const system = await startTestSystem(t, { replicas: 6, settings: { spare: '2', max: '10' } });
    await poolIsReady(system, 6);
    const { page } = await openTerminal(system, await openBrowser(t));
    await answers(page, 'before');

    // Visitors claim without pause while the manager dies under them, twice.
    const visitors = Array.from({ length: 5 }, () => createVisitor(system));
    const claims = visitors.map((visitor) => until('a claim', () => visitor.claim().catch(() => undefined)));
    system.manager.kill('SIGKILL');
    await answers(page, 'during');
    await managerAnswers(system);
    system.manager.kill('SIGKILL');
    const opened = await Promise.all(claims);
    await managerAnswers(system);
    await answers(page, 'after');

    for (const [index, visitor] of visitors.entries()) {
      t.like(await visitor.call('GET', '/api/terminals/current'), { status: 200, body: { name: opened[index]!.name } });
    }
    const claimed = (await system.kubernetes.pods()).filter(isClaimed);
    t.is(new Set(claimed.map(visitorOf)).size, claimed.length, 'no visitor has two pods');
    t.is(new Set(opened.map(({ name }) => name)).size, 5, 'no pod has two visitors');
    await page.reload();
    await waitForState(page, 'connected');
    await waitForScreen(page, /^before-2$/m);
  },
);

test.serial('inv 9: webserver and Kubernetes API stopped and started: open terminals do not notice', async (t) => {
  const system = await startTestSystem(t, { replicas: 2, settings: { spare: '2', max: '5' } });
  await poolIsReady(system, 2);
  const { page } = await openTerminal(system, await openBrowser(t));
  const visitor = createVisitor(system);
  const { name } = await visitor.claim();

  await system.webserver.stop();
  await answers(page, 'without-webserver');
  system.webserver.start();
  await until('the webserver', () =>
    fetch(system.pageUrl).then(
      ({ ok }) => ok,
      () => false,
    ),
  );

  await system.cluster.stopApi();
  await answers(page, 'without-api');
  // Its own terminal is known without asking anybody; a new one is not to be had, and that is said.
  t.like(await visitor.claim(), { name, status: 'reconnected' });
  t.like(await createVisitor(system).call('POST', '/api/terminals'), { body: { retryable: true } });
  await system.cluster.startApi();
  await answers(page, 'afterwards');
  const late = createVisitor(system);
  const { status } = await until('a claim', () => late.claim().catch(() => undefined));
  t.is(status, 'new');
  t.is((await visitor.claim()).name, name);

  await page.reload();
  await waitForState(page, 'connected');
  await waitForScreen(page, /^afterwards-2$/m);
});
