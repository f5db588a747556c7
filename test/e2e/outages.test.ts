// Open terminals and claims during outages of managers and webservers (inv 3, 9).

import test from 'ava';
import type { Opened } from '../../common/terminals-api.ts';
import { shareBrowser, stillAnswers, waitForScreen, waitForState } from '../helpers/frontend-browser.ts';
import {
  answers,
  claimSoon,
  createVisitor,
  isClaimed,
  openTerminal,
  poolIsReady,
  poolStatus,
  shareTestSystem,
  until,
  visitorOf,
} from '../helpers/system.ts';

const browser = shareBrowser(test);
// The relay is a part of the webserver, so a page that uses it would notice the outage.
const shared = shareTestSystem(test, { replicas: 6, settings: { spare: '2', max: '12' }, relay: 'never' });

test.serial(
  'inv 1, 3, 9: killing managers under load does not affect open terminals, and no claim is lost',
  async (t) => {
    const system = shared();
    await poolIsReady(system, 6);
    const managerAnswers = () => until('the manager', () => poolStatus(system).catch(() => undefined));
    const { page } = await openTerminal(t, system, browser());
    await stillAnswers(page, 'before');

    // Visitors claim without pause while the managers are killed twice.
    const visitors = Array.from({ length: 5 }, () => createVisitor(system));
    const claims = visitors.map(claimSoon);
    await system.killManagers();
    await stillAnswers(page, 'during');
    await managerAnswers();
    await system.killManagers();
    const opened = await Promise.all(claims);
    await managerAnswers();
    await stillAnswers(page, 'after');

    // A manager learns of another one's claim a moment later.
    for (const [index, visitor] of visitors.entries()) {
      await until(`the terminal of visitor ${index}`, async () => {
        const { body } = await visitor.call('GET', '/api/terminals/current');
        return (body as Partial<Opened>).name === opened[index]!.name;
      });
    }
    const claimed = (await system.kubernetes.pods()).filter(isClaimed);
    t.is(new Set(claimed.map(visitorOf)).size, claimed.length, 'no visitor has two pods');
    t.is(new Set(opened.map(({ name }) => name)).size, 5, 'no pod has two visitors');
    await page.reload();
    await waitForState(page, 'connected');
    await waitForScreen(page, /^before-2$/m);
  },
);

test.serial('inv 9: restarting webservers does not affect open terminals', async (t) => {
  const system = shared();
  const { page } = await openTerminal(t, system, browser());
  await system.stopWebservers();
  await stillAnswers(page, 'without-webserver');
  await system.startWebservers();
  await until('the webserver', () => answers(system.pageUrl));
  await stillAnswers(page, 'afterwards');
  await page.reload();
  await waitForState(page, 'connected');
  t.regex(await waitForScreen(page, /^afterwards-2$/m), /^without-webserver-2$/m);
});
