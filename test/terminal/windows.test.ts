// The tabs of a terminal: the windows and panes of a real tmux, as browsers see and change them.

import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { maxNameLength, maxWindows, type TerminalWindow, type WindowRequest } from '../../common/windows.ts';
import { openBrowser } from '../helpers/terminal-browser.ts';
import { startManager } from '../helpers/terminal-manager.ts';
import { eventually, prompt, startTerminal } from '../helpers/terminal-process.ts';

type Browser = ReturnType<typeof openBrowser>;

async function start(t: ExecutionContext, settings: Record<string, string> = {}, idleTimeoutMs?: number) {
  const manager = await startManager(t, idleTimeoutMs === undefined ? {} : { idleTimeoutMs });
  const terminal = await startTerminal(t, manager, { settings });
  const open = async (role: 'owner' | 'viewer' = 'owner') => {
    const browser = openBrowser(t, terminal.url, { ticket: await manager.ticket({ role }) });
    await browser.sees(prompt);
    return browser;
  };
  const folder = readdirSync(terminal.folder).find((name) => name.startsWith('warmterm-'))!;
  const tmux = (...args: string[]) =>
    execFileSync('tmux', ['-S', join(terminal.folder, folder, 'tmux'), ...args], { encoding: 'utf8' }).trim();
  return { manager, terminal, open, tmux, browser: await open() };
}

/** Waits until the latest report satisfies `like`, and returns it. */
const tabs = (browser: Browser, like: (windows: TerminalWindow[]) => boolean) =>
  browser.windows.until((reports) => reports.slice(-1).find(like));

const named =
  (...names: string[]) =>
  (windows: TerminalWindow[]) =>
    windows.map(({ name, active }) => (active ? `[${name}]` : name)).join() === names.join();

/** Opens another tab and waits for its prompt. */
async function openTab(browser: Browser): Promise<TerminalWindow> {
  const before = browser.windows.entries.at(-1)?.length ?? 0;
  browser.clears();
  const refused = await browser.asks({ do: 'new' });
  if (refused) throw new Error(refused.message);
  await browser.sees(prompt);
  const windows = await tabs(browser, (list) => list.length === before + 1);
  return windows.at(-1)!;
}

test.serial('windows: every browser sees the tabs, and all show the same one', async (t) => {
  const { browser, open } = await start(t);
  const [only] = await tabs(browser, (list) => list.length === 1);
  t.like(only, { bell: false, activity: false, zoomed: false, panes: { length: 1 } });
  const other = await open();
  await openTab(browser);
  await tabs(other, named('bash', '[bash]'));
  other.types('echo here-$((1 + 1))\r');
  await Promise.all([browser.sees('here-2'), other.sees('here-2')]);
  t.is(await other.asks({ do: 'select', window: only!.id }), null);
  await tabs(browser, named('[bash]', 'bash'));
  t.is(await browser.asks({ do: 'step', to: 'previous' }), null);
  await tabs(other, named('bash', '[bash]'));
  browser.socket.disconnect();
  const later = await open();
  t.deepEqual(later.windows.entries[0], other.windows.entries.at(-1), 'the tabs are there from the start');
});

test.serial('windows: a tab is named by its program, or by a person until they take the name back', async (t) => {
  const { browser } = await start(t);
  const { id } = await openTab(browser);
  browser.types('sleep 1000\r');
  await tabs(browser, named('bash', '[sleep]'));
  const name = `  it's #(id) #{pid} ##[x] "$HOME" <b>;\u202e\u0007 ${'long '.repeat(20)}`;
  t.is(await browser.asks({ do: 'rename', window: id, name }), null);
  const [, { name: kept } = { name: '' }] = await tabs(browser, (list) => list[1]?.name.startsWith('it') === true);
  t.is(kept, `it's #(id) #{pid} ##[x] "$HOME" <b>; ${'long '.repeat(20)}`.slice(0, maxNameLength));
  browser.types('\x03');
  t.is(await browser.asks({ do: 'rename', window: id, name: ' \x1b\t' }), null);
  await tabs(browser, named('bash', '[bash]'));
});

test.serial(
  'windows: a program cannot rename its tab by escape sequences, and names reach tmux as plain text',
  async (t) => {
    const { browser } = await start(t);
    await openTab(browser);
    browser.types(`printf '\\033k<img src=x onerror=alert(1)>\\033\\\\'; echo do""ne\r`);
    await browser.sees('done');
    browser.types(`tmux rename-window "$(printf '<b>\\033[31m%s\\n%%end 1 1 1' x)"\r`);
    const [, { name } = { name: '' }] = await tabs(browser, (list) => list[1]?.name.startsWith('<b>') === true);
    t.notRegex(name, /\p{Cc}/u);
    t.is(await browser.asks({ do: 'step', to: 'next' }), null, 'answers are not mixed up');
  },
);

test.serial('windows: `exit` closes one of several tabs, and of the last ends the session', async (t) => {
  const { browser, terminal, manager } = await start(t, { WARMTERM_BEFORE_EXIT: 'echo x >> hook' });
  await openTab(browser);
  browser.clears();
  browser.types('exit\r');
  await tabs(browser, named('[bash]'));
  await browser.sees(prompt);
  t.deepEqual(browser.ended.entries, []);
  const { id } = await openTab(browser);
  t.is(await browser.asks({ do: 'step', to: 'next' }), null);
  t.is(await browser.asks({ do: 'close', window: id }), null);
  await tabs(browser, named('[bash]'));
  t.is(terminal.exits.entries.length, 0);
  t.is(await browser.asks({ do: 'close', window: browser.windows.entries.at(-1)![0]!.id }).catch(() => null), null);
  t.is(await browser.ended.next(), 'exit');
  t.is(browser.saved.entries[0]?.result, 'saved');
  await manager.deletes.next();
});

test.serial('windows: a tab or a pane in which a program runs is closed only by force', async (t) => {
  const { browser, tmux } = await start(t);
  const { id, panes } = await openTab(browser);
  browser.types('sleep 1000\r');
  await tabs(browser, named('bash', '[sleep]'));
  t.like(await browser.asks({ do: 'close', window: id }), { code: 'busy', program: 'sleep' });
  t.like(await browser.asks({ do: 'close-pane', pane: panes[0]!.id }), { code: 'busy', program: 'sleep' });
  t.is(tmux('list-windows', '-F', '#{window_id}').split('\n').length, 2);
  t.is(await browser.asks({ do: 'close', window: id, force: true }), null);
  await tabs(browser, named('[bash]'));
});

test.serial('windows: a window is split, its panes are chosen, filled, and closed', async (t) => {
  const { browser, tmux } = await start(t);
  const state = () => tmux('list-panes', '-t', '$0', '-F', '#{pane_active}#{pane_width}x#{pane_height}').split('\n');
  const panes = () => browser.windows.entries.at(-1)![0]!.panes;
  const count = (wanted: number) => tabs(browser, ([one]) => one?.panes.length === wanted);
  await count(1);
  browser.types('mkdir sub; cd sub\r');
  await browser.sees(/cd sub\s+ready> $/);
  t.is(await browser.asks({ do: 'split', pane: panes()[0]!.id, to: 'right' }), null);
  await count(2);
  t.deepEqual(state(), ['040x24', '139x24']);
  t.is(tmux('display-message', '-p', '-t', '$0', '#{b:pane_current_path}'), 'sub', 'it starts in the same folder');
  t.is(await browser.asks({ do: 'split', pane: panes()[1]!.id, to: 'below' }), null);
  await count(3);
  t.is(await browser.asks({ do: 'select-pane', pane: panes()[0]!.id }), null);
  await tabs(browser, ([one]) => one?.panes[0]?.active === true);
  t.is(await browser.asks({ do: 'zoom', pane: panes()[0]!.id }), null);
  await tabs(browser, ([one]) => one?.zoomed === true);
  t.is(await browser.asks({ do: 'zoom', pane: panes()[0]!.id }), null);
  await tabs(browser, ([one]) => one?.zoomed === false);
  t.is(await browser.asks({ do: 'close-pane', pane: panes()[2]!.id }), null);
  await count(2);
  browser.types('exit\r');
  await count(1);
  for (let more = 0; more < 10; more++) await browser.asks({ do: 'split', pane: panes()[0]!.id, to: 'below' });
  t.like(await browser.asks({ do: 'split', pane: panes()[0]!.id, to: 'below' }), { code: 'no-room' });
});

test.serial('windows: a hidden tab is marked when it prints, and when its bell rings', async (t) => {
  const { browser } = await start(t);
  await openTab(browser);
  browser.types('read go; echo printed; read go; printf "\\a"; read go\r');
  await browser.sees(/read go\r?\n/);
  t.is(await browser.asks({ do: 'step', to: 'next' }), null);
  const [
    ,
    {
      panes: [pane],
    } = { panes: [] },
  ] = await tabs(browser, named('[bash]', 'bash'));
  browser.clears();
  browser.types(`tmux send-keys -t ${pane!.id} Enter\r`);
  await tabs(browser, ([, other]) => other?.activity === true && !other.bell);
  browser.types(`tmux send-keys -t ${pane!.id} Enter\r`);
  await tabs(browser, ([, other]) => other?.bell === true);
  t.true(browser.raw().includes('\x07'), 'the browser rings too');
  t.is(await browser.asks({ do: 'step', to: 'next' }), null);
  const [, shown] = await tabs(browser, ([, other]) => other?.active === true && !other.bell);
  t.false(shown?.activity);
});

test.serial('windows: while one tab is scrolled others take input, and a search is in the visible tab', async (t) => {
  const { browser, tmux } = await start(t);
  const find = (text: string, move: 'newest' | 'previous') =>
    browser.socket.timeout(20_000).emitWithAck('search', { text, move });
  browser.types('clear; seq -f "first %g" 100\r');
  await browser.sees('first 100');
  t.deepEqual(await find('first 1', 'newest'), { total: 12, at: 12 });
  t.is(tmux('display-message', '-p', '-t', '$0', '#{pane_in_mode}'), '1');
  await openTab(browser);
  // Any motion: tmux reports it only to a program that requests it, and the pod omits it over the history.
  browser.types('printf "\\033[?1003h\\033[?1006h"; read -rsn 10 motion; echo got-$(echo -n "$motion" | wc -c)\r');
  await eventually(() => tmux('display-message', '-p', '-t', '$0', '#{mouse_all_flag}') === '1' || undefined);
  await eventually(() => {
    browser.types('\x1b[<35;7;7M');
    return browser.text().includes('got-10') || undefined;
  });
  browser.types('clear; echo sec""ond\r');
  await browser.sees('second');
  t.deepEqual(await find('first 1', 'previous'), { total: 0, at: 0 });
  t.deepEqual(await find('second', 'newest'), { total: 1, at: 1 });
  browser.socket.emit('search', null);
  browser.types('echo typed-$((1 + 1))\r');
  await browser.sees('typed-2');
});

test.serial(
  'inv 10: windows: ids that do not exist, or belong to another session, are refused and change nothing',
  async (t) => {
    const { browser, tmux } = await start(t);
    await openTab(browser);
    const other = tmux('new-session', '-d', '-P', '-F', '#{window_id} #{pane_id}', '-s', 'other').split(' ');
    const before = tmux(
      'list-panes',
      '-a',
      '-F',
      '#{session_id} #{window_id} #{automatic-rename} #{pane_id} #{pane_active}',
    );
    for (const window of ['@999', other[0]!]) {
      for (const request of [
        { do: 'select', window },
        { do: 'rename', window, name: 'x' },
        { do: 'close', window, force: true },
      ] as WindowRequest[])
        t.like(await browser.asks(request), { code: 'not-found' });
    }
    for (const pane of ['%999', other[1]!]) {
      for (const request of [
        { do: 'split', pane, to: 'right' },
        { do: 'select-pane', pane },
        { do: 'zoom', pane },
        { do: 'close-pane', pane, force: true },
      ] as WindowRequest[])
        t.like(await browser.asks(request), { code: 'not-found' });
    }
    const wrong = [
      undefined,
      null,
      7,
      'new',
      [],
      {},
      { do: 'new-window' },
      { do: 'select' },
      { do: 'select', window: '@1; kill-server' },
      { do: 'select', window: "@1'" },
      { do: 'select', window: '1' },
      { do: 'close', window: '@1\nkill-server' },
      { do: 'split', pane: '%1', to: 'left' },
      { do: 'rename', window: '@1', name: 'x'.repeat(201) },
      { do: 'rename', window: '@1', name: 7 },
    ];
    for (const request of wrong) t.like(await browser.asks(request as never), { code: 'invalid-request' });
    browser.socket.emit('window', { do: 'select', window: '@999' }, 'no function' as never);
    browser.socket.emit('window', {} as never);
    t.is(
      tmux('list-panes', '-a', '-F', '#{session_id} #{window_id} #{automatic-rename} #{pane_id} #{pane_active}'),
      before,
    );
  },
);

test.serial('inv 10: windows: a viewer sees the tabs, changes none, and is no activity', async (t) => {
  const { browser, open } = await start(t, { WARMTERM_IDLE_TIMEOUT: '4s', WARMTERM_IDLE_WARNING: '2s' }, 4_000);
  const viewer = await open('viewer');
  await tabs(viewer, (list) => list.length === 1);
  const [{ id, panes }] = browser.windows.entries.at(-1) as [TerminalWindow];
  const pane = panes[0]!.id;
  for (const request of [
    { do: 'new' },
    { do: 'select', window: id },
    { do: 'step', to: 'next' },
    { do: 'rename', window: id, name: 'mine' },
    { do: 'close', window: id, force: true },
    { do: 'split', pane, to: 'below' },
    { do: 'select-pane', pane },
    { do: 'close-pane', pane, force: true },
    { do: 'zoom', pane },
  ] as WindowRequest[])
    t.like(await viewer.asks(request), { code: 'forbidden' });
  await viewer.endings.next((ending) => ending !== null);
  t.like(await viewer.asks({ do: 'new' }), { code: 'forbidden' });
  t.is(browser.endings.entries.at(-1)?.reason, 'idle', 'the countdown goes on');
  t.is(await browser.asks({ do: 'step', to: 'next' }), null);
  t.is(await browser.endings.next((ending) => ending === null), null);
  t.true(viewer.windows.entries.every((list) => list.length === 1));
});

test.serial('inv 10: windows: of 1,000 requests most are refused, and the limit of tabs holds', async (t) => {
  const { browser, tmux } = await start(t);
  const answers = await Promise.all(Array.from({ length: 1_000 }, () => browser.asks({ do: 'new' })));
  const codes = new Set(answers.map((answer) => answer?.code));
  t.true(codes.has('too-many-requests'), JSON.stringify([...codes]));
  let last = await browser.asks({ do: 'new' });
  for (let more = 0; more < maxWindows && last === null; more++) last = await browser.asks({ do: 'new' });
  t.like(last, { code: 'full' });
  t.is(tmux('list-windows', '-t', '$0', '-F', '#{window_id}').split('\n').length, maxWindows);
  browser.clears();
  browser.types('echo alive-$((1 + 1))\r');
  await browser.sees('alive-2');
});

test.serial('windows: names that change without end are reported a few times a second', async (t) => {
  const { browser } = await start(t);
  await openTab(browser);
  const before = browser.windows.entries.length;
  browser.types('for i in $(seq 300); do tmux rename-window name-$i; done\r');
  await tabs(browser, named('bash', '[name-300]'));
  t.true(browser.windows.entries.length - before < 200, `${browser.windows.entries.length - before} reports`);
});

test.serial('windows: after a visitor detaches all clients, tabs are reported again', async (t) => {
  const { browser, tmux, open } = await start(t);
  await openTab(browser);
  tmux('detach-client', '-s', '$0');
  await browser.closed.next();
  const again = await open();
  await openTab(again);
  tmux('send-keys', '-t', '$0:0', 'echo printed', 'Enter');
  await tabs(again, ([first, , third]) => first?.activity === true && third?.active === true);
  t.pass();
});
