// The page of a run (`/?run=ID`) in a real Chromium: it shows the terminal of the run, and never claims one.

import test, { type ExecutionContext } from 'ava';
import { claimRequestSchema } from '../../common/manager-api.ts';
import { paths } from '../../common/terminals-api.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { shareBrowser, until, waitForScreen, waitForState } from '../helpers/frontend-browser.ts';
import { type OpenPage, openPage } from '../helpers/frontend-page.ts';
import { proposedId } from '../helpers/proposed-id.ts';
import { createVisitor } from '../helpers/webserver-browser.ts';

const browser = shareBrowser(test);

const prompt = 'visitor@terminal:~$';
const run = 'k3x9a0b7';

/** The visitor's client has started the run: its page has the client's identity. */
async function startRun({ context, webserver }: Pick<OpenPage, 'context' | 'webserver'>) {
  const client = createVisitor(webserver.url);
  client.id = proposedId();
  await client.send('POST', paths.terminals, { body: { run } });
  await context.addInitScript(`localStorage.setItem('warmterm-visitor', ${JSON.stringify(client.id)})`);
  return client;
}

const claims = ({ webserver }: OpenPage) =>
  webserver.manager.requests
    .filter(({ method }) => method === 'POST')
    .map(({ body }) => claimRequestSchema.parse(body))
    .map(({ visitor, existing }) => ({ run: visitor.split('.')[1], existing }));

test.serial('run page: attaches to the run in its terminal, directly', async (t) => {
  const opened = await openPage(t, browser(), { path: `/?renderer=dom&run=${run}`, prepare: startRun });
  await waitForScreen(opened.page, prompt);
  t.true(opened.terminal.handshakes.every((one) => one.run === run));
  const [started, ...asked] = claims(opened);
  t.deepEqual(started, { run, existing: undefined });
  t.true(asked.length >= 1 && asked.every((one) => one.run === run && one.existing === true), JSON.stringify(asked));
  t.deepEqual(opened.complaints, []);
});

test.serial('run page: attaches to the run by the relay', async (t) => {
  const opened = await openPage(t, browser(), {
    path: `/?renderer=dom&run=${run}`,
    environment: { WARMTERM_RELAY: 'always' },
    prepare: startRun,
  });
  await waitForScreen(opened.page, prompt);
  t.true(opened.terminal.handshakes.every((one) => one.run === run));
});

test.serial('run page: a page without a run sends no run id', async (t) => {
  const opened = await openPage(t, browser());
  await waitForScreen(opened.page, prompt);
  t.deepEqual(Object.keys(opened.terminal.handshakes[0]!), ['ticket', 'size']);
  t.true(claims(opened).every((one) => one.run === undefined && one.existing === undefined));
});

test.serial(
  'run page: a run without a terminal is over; the page claims none, and links to the visitor’s own',
  async (t) => {
    const opened = await openPage(t, browser(), { path: `/?pool=default&run=${run}`, until: 'error' });
    const { page, terminal } = opened;
    await page.getByRole('heading', { name: 'This command has ended' }).waitFor();
    t.deepEqual(claims(opened), [{ run, existing: true }]);
    t.is(terminal.handshakes.length, 0);
    await page.getByRole('button', { name: 'Open your own terminal' }).click();
    await waitForState(page, 'connected');
    t.is(new URL(page.url()).search, '?pool=default');
    t.deepEqual(claims(opened).at(-1), { run: undefined, existing: undefined });
  },
);

test.serial('run page: a run whose terminal ends meanwhile is over, and no other is claimed', async (t) => {
  const opened = await openPage(t, browser(), {
    path: `/?run=${run}`,
    visitor: { locale: 'de' },
    prepare: startRun,
  });
  const { page, terminal, webserver } = opened;
  webserver.manager.forgetAll();
  terminal.cut();
  await page.getByRole('heading', { name: 'Dieser Befehl ist beendet' }).waitFor();
  // A busy machine may take several attempts: none of them may claim.
  const [, ...asked] = claims(opened);
  t.true(asked.length >= 2 && asked.every((one) => one.run === run && one.existing === true), JSON.stringify(asked));
});

test.serial('run page: a run that its terminal no longer has is over', async (t) => {
  const { page, terminal } = await openPage(t, browser(), {
    path: `/?run=${run}`,
    prepare: async (parts) => {
      parts.terminal.refuse = 'session-not-found';
      await startRun(parts);
    },
    until: 'error',
  });
  await page.getByRole('heading', { name: 'This command has ended' }).waitFor();
  t.true(terminal.handshakes.length >= 1);
});

/** A client of the command line, with a run; and a browser whose page has a terminal of its own. */
async function openOwnPage(t: ExecutionContext) {
  const opened = await openPage(t, browser());
  const client = createVisitor(opened.webserver.url);
  await client.send('POST', paths.terminals, { body: { run } });
  const own = await kept(opened);
  t.truthy(own);
  t.not(own, client.id);
  return { ...opened, own, handed: `${opened.webserver.url}/?renderer=dom&run=${run}#visitor=${client.id}` };
}

const kept = ({ page }: Pick<OpenPage, 'page'>) =>
  page.evaluate<string | null>(`localStorage.getItem('warmterm-visitor')`);
const visitorsOf = ({ webserver }: Pick<OpenPage, 'webserver'>) =>
  webserver.manager.requests
    .filter(({ method }) => method === 'POST')
    .map(({ body }) => claimRequestSchema.parse(body).visitor);

test.serial('run page: an identity in the fragment applies to its tab only, after the visitor agrees', async (t) => {
  const { context, page, own, handed, ...rest } = await openOwnPage(t);
  const [ownVisitor, client] = visitorsOf(rest);
  const tab = await context.newPage();
  const asked: string[] = [];
  tab.on('dialog', (dialog) => {
    asked.push(`${tab.url()} ${dialog.message()}`);
    void dialog.accept();
  });
  await tab.goto(handed);
  await waitForState(tab, 'connected');
  await waitForScreen(tab, prompt);
  t.is(asked.length, 1);
  t.regex(asked[0]!, /Accept only if you made the link yourself/);
  t.notRegex(asked[0]!, /visitor=/, 'the address bar has no identity by then');
  t.is(visitorsOf(rest).at(-1), client);
  const { history, url } = await tab.evaluate<{ history: number; url: string }>(
    '({ history: history.length, url: location.href })',
  );
  t.notRegex(url, /#/);
  t.is(history, await page.evaluate<number>('history.length'), 'no entry more than for any page');
  // A reload keeps the client's identity, and does not ask again.
  await tab.reload();
  await waitForState(tab, 'connected');
  t.is(visitorsOf(rest).at(-1), client);
  t.is(asked.length, 1);
  // Another tab, like the first one, is the browser's own visitor.
  t.is(await kept({ page }), own);
  const other = await context.newPage();
  await other.goto(`${rest.webserver.url}/?renderer=dom`);
  await waitForState(other, 'connected');
  t.is(visitorsOf(rest).at(-1), ownVisitor);
  t.is(await kept({ page: other }), own);
});

test.serial(
  'an identity in the fragment that the person declines, or the server does not know, changes nothing',
  async (t) => {
    const { context, page, own, handed, ...rest } = await openOwnPage(t);
    const [ownVisitor] = visitorsOf(rest);
    for (const [address, answer] of [
      [handed, 'dismiss'],
      [handed.replace(/(browser\.)(.)/, (_, kind, first) => kind + (first === 'A' ? 'B' : 'A')), 'accept'],
      [handed.replace(/#.*/, '#visitor=none'), 'unasked'],
    ] as const) {
      const tab = await context.newPage();
      const asked: string[] = [];
      tab.on('dialog', (dialog) => {
        asked.push(dialog.message());
        void dialog[answer === 'accept' ? 'accept' : 'dismiss']();
      });
      await tab.goto(address.replace(`&run=${run}`, ''));
      await waitForState(tab, 'connected');
      t.is(asked.length, answer === 'unasked' ? 0 : 1, answer);
      t.notRegex(tab.url(), /#/);
      t.is(visitorsOf(rest).at(-1), ownVisitor, answer);
      t.is(await kept({ page: tab }), own);
      await tab.close();
    }
    t.is(await kept({ page }), own);
  },
);

test.serial(
  'run page: the help shows how to get the client of this installation, and copies the command',
  async (t) => {
    const { page, webserver } = await openPage(t, browser(), {
      visitor: { permissions: ['clipboard-read', 'clipboard-write'] },
    });
    await page.getByRole('button', { name: 'Help' }).click();
    const command = `npx ${webserver.url}/cli-${packageJson.version}.tgz login ${webserver.url}`;
    await page.getByText(command, { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Copy the command' }).click();
    await until(
      async () => (await page.evaluate<string>('navigator.clipboard.readText()')) === command,
      'the command on the clipboard',
    );
    t.pass();
  },
);
