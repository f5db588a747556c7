// What a visitor does, in a real browser, with a real shell.

import test from 'ava';
import { openBrowser, typeText, waitForScreen, waitForState } from '../helpers/frontend-browser.ts';
import { isClaimed, openTerminal, poolIsReady, startTestSystem, until, visitorOf } from '../helpers/system.ts';

test.serial('a visitor opens the page, types, and sees the answer', async (t) => {
  const system = await startTestSystem(t);
  const { page } = await openTerminal(system, await openBrowser(t));
  await typeText(page, 'echo $((6 * 7)) is the answer\n');
  await waitForScreen(page, /^42 is the answer$/m);
  await typeText(page, 'printf "\\033]2;my title\\007"\n');
  await until('the title', async () => (await page.title()).includes('my title'));
  await typeText(page, 'was=$(stty size); clear; echo measured\n');
  await waitForScreen(page, /^measured$/m);
  await page.setViewportSize({ width: 500, height: 300 });
  await typeText(page, 'while [ "$(stty size)" = "$was" ]; do sleep 0.05; done; clear; stty size\n');
  const screen = await waitForScreen(page, /^\d+ \d+$/m);
  const [, rows, cols] = /^(\d+) (\d+)$/m.exec(screen) ?? [];
  t.true(Number(rows) > 5 && Number(rows) < 24, screen);
  t.true(Number(cols) > 20 && Number(cols) < 80, screen);
  const box = await page.locator('.xterm-screen').boundingBox();
  t.true(box!.x + box!.width <= 500 && box!.y + box!.height <= 300, `cut off: ${JSON.stringify(box)}`);
});

test.serial(
  'two visitors get different terminals, and cannot see each other’s files, processes or secrets',
  async (t) => {
    const system = await startTestSystem(t, { replicas: 2, settings: { spare: '2', max: '4' } });
    await poolIsReady(system, 2);
    const browser = await openBrowser(t);
    const [ann, bob] = [await openTerminal(system, browser), await openTerminal(system, browser)];
    t.is(new Set((await system.kubernetes.pods()).filter(isClaimed).map(visitorOf)).size, 2);
    if (!system.isolated) return void t.log('without bubblewrap nothing keeps their files apart');
    await typeText(ann.page, 'echo s3cret > ~/mine; echo s3cret > /tmp/mine; exec -a anns-job sleep 1000 &\n');
    await typeText(ann.page, 'cat ~/mine /tmp/mine | wc -l; echo $WARMTERM_POD_NAME $HOSTNAME\n');
    await waitForScreen(ann.page, /^2$/m);
    await typeText(
      bob.page,
      'ls -A ~ /tmp; ps ax | grep -c anns-jo[b]; grep -rl s3cret ~ /tmp 2>/dev/null; echo loo""ked\n',
    );
    const screen = await waitForScreen(bob.page, /^looked$/m);
    t.notRegex(screen, /mine/);
    t.regex(screen, /^0$/m);
  },
);

test.serial('inv 2: a reload comes back to the same shell, with its job still running', async (t) => {
  const system = await startTestSystem(t);
  const { page } = await openTerminal(system, await openBrowser(t));
  await typeText(page, 'i=0; (while :; do i=$((i+1)); echo count-$i; sleep 0.2; done) &\n');
  await waitForScreen(page, /count-3$/m);
  await page.reload();
  await waitForState(page, 'connected');
  const before = lastCount(await waitForScreen(page, /count-\d+/));
  await waitForScreen(page, new RegExp(`count-${before + 3}$`, 'm'));
  await typeText(page, 'kill %1; wait; clear; echo i is still $i\n');
  await waitForScreen(page, /^i is still 0$/m);
  t.pass();
});

test.serial('inv 2: a tab that is closed and opened again comes back to the same shell', async (t) => {
  const system = await startTestSystem(t);
  const { page, context } = await openTerminal(system, await openBrowser(t));
  await typeText(page, 'remember=elephant\n');
  await page.close();
  const again = await openTerminal(system, context.browser()!, context);
  await typeText(again.page, 'echo it was $remember\n');
  await waitForScreen(again.page, /^it was elephant$/m);
  const [pod] = (await system.kubernetes.pods()).filter(
    ({ metadata }) => metadata.annotations?.['warmterm.dev/claim-id'],
  );
  t.truthy(pod);
});

test.serial('a shell that is left by exit is over, and the next one is a fresh one', async (t) => {
  const system = await startTestSystem(t, { replicas: 2, settings: { spare: '2', max: '3' } });
  const { page } = await openTerminal(system, await openBrowser(t));
  await typeText(page, 'touch ~/old; exit\n');
  await waitForState(page, 'ended');
  await page.getByRole('heading', { name: 'The shell has ended' }).waitFor();
  await page.keyboard.press('Enter');
  await waitForState(page, 'connected');
  await typeText(page, 'clear; ls -A ~ | grep -c old\n');
  await waitForScreen(page, /^0$/m);
  t.pass();
});

test.serial('the page says that it is offline, and comes back by itself to the same screen', async (t) => {
  const system = await startTestSystem(t);
  const { page, context } = await openTerminal(system, await openBrowser(t));
  await typeText(page, 'echo before the tunnel\n');
  await waitForScreen(page, /^before the tunnel$/m);
  await context.setOffline(true);
  await waitForState(page, 'reconnecting', 30_000);
  await context.setOffline(false);
  await waitForState(page, 'connected');
  await waitForScreen(page, /^before the tunnel$/m);
  await typeText(page, 'echo after it\n');
  t.regex(await waitForScreen(page, /^after it$/m), /before the tunnel/);
});

const lastCount = (screen: string): number =>
  Math.max(...[...screen.matchAll(/count-(\d+)/g)].map(([, count]) => Number(count)));
