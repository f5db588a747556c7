// The screen of a run: an editor in it, and the page that shows it.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createCli, privateFolder, restored } from '../../helpers/cli.ts';
import { startConnectProxy } from '../../helpers/connect-proxy.ts';
import { shareBrowser, typeText, visitorKey, waitForScreen } from '../../helpers/frontend-browser.ts';
import { ifInstalled } from '../../helpers/skip.ts';
import { shareLocalSystem } from '../../helpers/system.ts';

const browser = shareBrowser(test);
const system = shareLocalSystem(test, { replicas: 2, settings: { spare: '1', max: '8' } });

/** A visitor whose identity is in a file that tests can read. */
function visitor(t: ExecutionContext) {
  const file = join(privateFolder(t), 'identity');
  const cli = createCli(t, system().pageUrl);
  cli.env.WARMTERM_IDENTITY_FILE = file;
  return { cli, identity: () => readFileSync(file, 'utf8').trim() };
}

ifInstalled('vim', test)(
  'terminal: vim opens, types, saves and quits, and the local terminal is as it was',
  async (t) => {
    const script = 'vim -N -u NONE note.txt; echo "vim ended with $?"; cat note.txt | tr a-z A-Z; exit 6';
    const pty = visitor(t).cli.inTerminal(['run', '--', 'sh', '-c', script]);
    await pty.until('[New]');
    pty.write('i');
    await pty.until('-- INSERT --');
    pty.write('one line\rand another');
    await pty.until('and another');
    pty.write('\x1b:wq\r');
    await pty.until('left with 6');
    t.regex(pty.text(), /vim ended with 0[\s\S]*ONE LINE[\s\S]*AND ANOTHER/);
    await restored(t, pty);
  },
);

test('terminal: a command that ends during an interruption shows its last screen afterwards', async (t) => {
  const { cli } = visitor(t);
  const proxy = await startConnectProxy(t);
  const script = 'echo ready; while [ ! -e go ]; do sleep 0.05; done; echo "last "words; exit 3';
  const pty = cli.inTerminal(['run', '--', 'sh', '-c', script], { env: { HTTP_PROXY: proxy.url } });
  await pty.until('ready');
  const [{ run }] = JSON.parse(String((await cli.run(['ps', '--json'])).stdout));
  proxy.close();
  const waiting = cli.start(['wait', run]);
  const folder = privateFolder(t);
  writeFileSync(join(folder, 'go'), '');
  t.is((await cli.run(['cp', join(folder, 'go'), `${run}:go`])).code, 0);
  t.is((await waiting.ended).code, 3);
  proxy.open();
  await pty.until('left with 3');
  t.regex(pty.text(), /last words[\s\S]*left with 3/);
  await restored(t, pty);
});

test('page: shows a run’s screen, accepts input, and reports its end', async (t) => {
  const { cli, identity } = visitor(t);
  const pty = cli.inTerminal(['run', '--', 'bash', '--norc']);
  await pty.until(/[$#] /);
  pty.write('echo from-client-$((6 * 7))\r');
  await pty.until('from-client-42');
  const [{ run }] = JSON.parse(String((await cli.run(['ps', '--json'])).stdout));
  const address = new URL(String((await cli.run(['open', run])).stdout).trim());
  // The browser below has this visitor's identity.
  address.hash = '';
  address.searchParams.set('renderer', 'dom');

  const context = await browser().newContext();
  t.teardown(() => context.close());
  await context.addInitScript(`localStorage.setItem('${visitorKey}', ${JSON.stringify(identity())})`);
  const page = await context.newPage();
  await page.goto(address.href);
  await waitForScreen(page, 'from-client-42');
  await typeText(page, 'echo from-page-$((6 * 7))\n');
  await waitForScreen(page, /^from-page-42$/m);
  await pty.until('from-page-42');

  pty.write('exit 4\r');
  await pty.until('left with 4');
  await page.getByRole('heading', { name: 'The command has ended' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'This command has ended' }).waitFor();
  await restored(t, pty);
});
