// Terminals whose server was killed or hangs. On one machine only, because the test stops or kills it from outside.

import test from 'ava';
import { texts } from '../../../frontend/texts.ts';
import { shareBrowser, stillAnswers, typeText, waitForScreen, waitForState } from '../../helpers/frontend-browser.ts';
import { longOnly } from '../../helpers/long.ts';
import { podServer } from '../../helpers/pod-server.ts';
import {
  isClaimed,
  isReady,
  openTerminal,
  poolIsReady,
  revisionOf,
  startOnMachine,
  type TestSystem,
  until,
} from '../../helpers/system.ts';

const browser = shareBrowser(test);

const claimed = async ({ kubernetes }: TestSystem) => (await kubernetes.pods()).filter(isClaimed);

/** The recorded reasons for ended sessions of the pool. */
const reaped = ({ kubernetes }: TestSystem) =>
  until('an Event', async () => {
    const messages = await kubernetes.eventsOf('Reaped');
    return messages.length > 0 && messages.join('\n');
  });

test.serial('inv 2: a terminal whose server was killed restarts with the visitor’s files', async (t) => {
  const system = await startOnMachine(t, { replicas: 2, settings: { spare: '1', max: '4' } });
  await poolIsReady(system, 2);
  const { page } = await openTerminal(t, system, browser());
  await typeText(page, 'touch ~/used; echo written-$((1 + 1))\n');
  await waitForScreen(page, 'written-2');
  const [before] = await claimed(system);
  process.kill(podServer(before!.metadata.uid), 'SIGKILL');
  await page.getByText(texts.replaced.run).first().waitFor({ timeout: 60_000 });
  await waitForState(page, 'connected', 60_000);
  await typeText(page, 'ls ~ | grep -c used\n');
  await waitForScreen(page, /^1$/m);
  t.is((await claimed(system))[0]!.metadata.uid, before!.metadata.uid);
});

longOnly(test, 'inv 6, 9: a terminal that does not respond is reaped, and no other', async (t) => {
  const system = await startOnMachine(t, {
    replicas: 2,
    settings: { spare: '1', max: '4', silenceTimeout: '30s' },
    env: { terminal: { WARMTERM_REPORT_INTERVAL: '1s' } },
  });
  await poolIsReady(system, 2);
  // Without this, the node's own probes would restart it.
  await system.kubernetes.changeTemplate('replace', '/spec/containers/0/livenessProbe/periodSeconds', 3_600);
  await until('terminals of the changed template', async () => {
    const { updateRevision } = (await system.kubernetes.statefulSet()).status;
    const pods = await system.kubernetes.pods();
    return pods.length > 0 && pods.every((pod) => isReady(pod) && revisionOf(pod) === updateRevision);
  });
  const wedged = await openTerminal(t, system, browser());
  const [before] = await claimed(system);
  const other = await openTerminal(t, system, browser());
  await stillAnswers(other.page, 'before');
  process.kill(podServer(before!.metadata.uid), 'SIGSTOP');
  await wedged.page.getByText(texts.replaced.terminal).first().waitFor({ timeout: 180_000 });
  await stillAnswers(other.page, 'afterwards');
  await waitForState(wedged.page, 'connected', 60_000);
  t.regex(await reaped(system), new RegExp(`${before!.metadata.name} was deleted: It has not reported for 30s`));
  t.is((await claimed(system)).filter(({ metadata }) => metadata.deletionTimestamp === undefined).length, 2);
});
