// Any client can connect to a terminal's node port. Clients without a ticket must not disturb those with one.

import test from 'ava';
import { shareBrowser, typeText, waitForScreen, waitForState } from '../helpers/frontend-browser.ts';
import { budget } from '../helpers/long.ts';
import { keepSilent } from '../helpers/silent-connections.ts';
import { isClaimed, isReady, openTerminal, poolIsReady, startTestSystem } from '../helpers/system.ts';

const browser = shareBrowser(test);
// A liveness probe needs half a minute to fail for good, so the long run lasts longer.
const rounds = budget({ short: 4, long: 40 });

test.serial('inv 9, 12: 2,000 silent connections affect no visitor and no probe', async (t) => {
  const system = await startTestSystem(t, { replicas: 2, settings: { spare: '1', max: '4' } });
  await poolIsReady(system, 2);
  const { page } = await openTerminal(t, system, browser());
  const opened = page.waitForEvent('websocket');
  await page.reload();
  const { hostname: host, port } = new URL((await opened).url());
  await waitForState(page, 'connected');
  const claimed = async () => (await system.kubernetes.pods()).find(isClaimed)!;
  const before = await claimed();
  const unhealthy = (await system.kubernetes.eventsOf('Unhealthy')).length;

  const flood = await keepSilent(t, Number(port), { count: 2_000, host });
  for (let round = 1; round <= rounds; round++) {
    await typeText(page, `clear; echo typed-$((${round} * 1)); value=$((value + 1))\n`);
    await waitForScreen(page, new RegExp(`^typed-${round}$`, 'm'));
    await page.reload();
    await waitForState(page, 'connected', 60_000);
  }
  await typeText(page, 'clear; echo rounds-$value\n');
  await waitForScreen(page, new RegExp(`^rounds-${rounds}$`, 'm'));

  t.log(`${flood.opened()} connections were opened`);
  const after = await claimed();
  t.is(after.metadata.uid, before.metadata.uid);
  t.is(after.status.containerStatuses![0]!.restartCount, before.status.containerStatuses![0]!.restartCount);
  t.true(isReady(after));
  const messages = await system.kubernetes.eventsOf('Unhealthy');
  t.is(messages.length, unhealthy, messages.join('\n'));
});
