// The actions of a visitor, in a real browser with a real shell.

import test from 'ava';
import { readScreen, shareBrowser, typeText, waitForScreen, waitForState } from '../helpers/frontend-browser.ts';
import { skipIf } from '../helpers/skip.ts';
import {
  isClaimed,
  openTab,
  openTerminal,
  shareTestSystem,
  until,
  visitorOf,
  whyNotIsolated,
} from '../helpers/system.ts';

const isolated = skipIf(await whyNotIsolated(), test.serial, test.serial.skip);
const browser = shareBrowser(test);
// Each test leaves a terminal in use.
const system = shareTestSystem(test, { replicas: 3, settings: { spare: '2', max: '12' } });

test.serial('visitor: opens the page, types and sees the output', async (t) => {
  const { page } = await openTerminal(t, system(), browser());
  await typeText(page, 'echo $((6 * 7)) is the answer\n');
  await waitForScreen(page, /^42 is the answer$/m);
  await typeText(page, 'printf "\\033]2;my title\\007"\n');
  await until('the title', async () => (await page.title()).includes('my title'));
  await typeText(page, 'was=$(stty size); clear; echo measured\n');
  await waitForScreen(page, /^measured$/m);
  await page.setViewportSize({ width: 500, height: 300 });
  await typeText(page, 'while [ "$(stty size)" = "$was" ]; do sleep 0.05; done; clear; stty size; echo is the size\n');
  const screen = await waitForScreen(page, /^\d+ \d+\nis the size$/m);
  const [, rows, cols] = /^(\d+) (\d+)$/m.exec(screen) ?? [];
  t.true(Number(rows) > 5 && Number(rows) < 24, screen);
  t.true(Number(cols) > 20 && Number(cols) < 80, screen);
  const box = await page.locator('.xterm-screen').boundingBox();
  t.true(box!.x + box!.width <= 500 && box!.y + box!.height <= 300, `cut off: ${JSON.stringify(box)}`);
});

test.serial('visitor: two visitors get different terminals', async (t) => {
  const claimed = async () => (await system().kubernetes.pods()).filter(isClaimed);
  const before = new Set((await claimed()).map(({ metadata }) => metadata.uid));
  for (let count = 0; count < 2; count++) await openTerminal(t, system(), browser());
  const theirs = (await claimed()).filter(({ metadata }) => !before.has(metadata.uid));
  t.is(new Set(theirs.map(visitorOf)).size, 2);
});

isolated('two visitors cannot see each other’s files or processes', async (t) => {
  const ann = await openTerminal(t, system(), browser());
  const bob = await openTerminal(t, system(), browser());
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
});

test.serial('inv 2: visitor: a reload returns to the same shell with its running job', async (t) => {
  const { page } = await openTerminal(t, system(), browser());
  await typeText(page, 'i=0; (while :; do i=$((i+1)); echo count-$i; sleep 0.2; done) &\n');
  await waitForScreen(page, /count-3$/m);
  await page.reload();
  await waitForState(page, 'connected');
  const before = lastCount(await waitForScreen(page, /count-\d+/));
  // On a busy machine a numbered line may have scrolled off the screen.
  await until('three more lines of the job', async () => lastCount(await readScreen(page)) >= before + 3);
  await typeText(page, 'kill %1; wait; clear; echo i is still $i\n');
  t.regex(await waitForScreen(page, /^i is still \d+$/m), /^i is still 0$/m);
});

test.serial('inv 2: visitor: a reopened tab returns to the same shell', async (t) => {
  const { page, context } = await openTerminal(t, system(), browser());
  await typeText(page, 'remember=elephant; echo noted-$((1 + 1))\n');
  // Wait for the output: a page that closes loses input that it has not sent.
  await waitForScreen(page, /^noted-2$/m);
  await page.close();
  const again = await openTab(system(), context);
  await typeText(again, 'echo it was $remember.\n');
  t.regex(await waitForScreen(again, /^it was \w*\.$/m), /^it was elephant\.$/m);
});

test.serial('visitor: after `exit` the next terminal is a fresh one', async (t) => {
  const { page } = await openTerminal(t, system(), browser());
  await typeText(page, 'touch ~/old; exit\n');
  await waitForState(page, 'ended');
  await page.getByRole('heading', { name: 'The shell has ended' }).waitFor();
  const last = await readScreen(page);
  t.regex(last, /touch ~\/old; exit/, 'the last screen stays');
  t.notRegex(last, /\[exited\]/);
  await page.keyboard.press('Enter');
  await waitForState(page, 'connected');
  await typeText(page, 'clear; ls -A ~ | grep -c old\n');
  t.regex(await waitForScreen(page, /^\d$/m), /^0$/m);
});

test.serial('visitor: the page reports being offline, and reconnects to the same screen', async (t) => {
  const { page, context } = await openTerminal(t, system(), browser());
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
