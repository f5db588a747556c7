// inv 9: an outage of the Kubernetes API. On one machine only, because a test must not stop the API of a real cluster.

import test from 'ava';
import { openBrowser, stillAnswers, waitForScreen, waitForState } from '../../helpers/frontend-browser.ts';
import { claimSoon, createVisitor, openTerminal, poolIsReady, startOnMachine } from '../../helpers/system.ts';

test.serial('inv 9: an outage of the Kubernetes API does not affect open terminals', async (t) => {
  const system = await startOnMachine(t, { replicas: 2, settings: { spare: '2', max: '5' } });
  await poolIsReady(system, 2);
  const { page } = await openTerminal(t, system, await openBrowser(t));
  const visitor = createVisitor(system);
  const { name } = await visitor.claim();

  await system.cluster.stopApi();
  await stillAnswers(page, 'without-api');
  // The manager knows the visitor's terminal without the API. A claim of a new one fails with `retryAfter` if a terminal
  // was ready; otherwise it gets a position.
  t.like(await visitor.claim(), { name, status: 'reconnected' });
  const answer = await createVisitor(system).call('POST', '/api/terminals');
  const { retryable = answer.status === 202 } = answer.body as { retryable?: boolean };
  t.true(retryable, JSON.stringify(answer));
  await system.cluster.startApi();
  await stillAnswers(page, 'afterwards');
  const late = createVisitor(system);
  const { status } = await claimSoon(late);
  t.is(status, 'new');
  t.is((await visitor.claim()).name, name);

  await page.reload();
  await waitForState(page, 'connected');
  await waitForScreen(page, /^afterwards-2$/m);
});
