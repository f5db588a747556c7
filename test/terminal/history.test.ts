// The mouse and the history, in the tmux of a real terminal.

import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { HistoryView } from '../../common/socket.ts';
import { openBrowser } from '../helpers/terminal-browser.ts';
import { startManager } from '../helpers/terminal-manager.ts';
import { eventually, prompt, startTerminal } from '../helpers/terminal-process.ts';

const mouse = (button: number, column: number, row: number, end = 'M') => `\x1b[<${button};${column};${row}${end}`;
const wheelUp = mouse(64, 10, 10).repeat(3);
const text = 'alpha beta https://example.org/x?y=1 漢字 end';

/** A terminal whose screen ends with `text`, and a browser with 80 columns and 24 rows. */
async function start(t: ExecutionContext) {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager);
  const open = async (role: 'owner' | 'viewer' = 'owner') => {
    const browser = openBrowser(t, terminal.url, { ticket: await manager.ticket({ role }) });
    await browser.sees(prompt);
    return browser;
  };
  const browser = await open();
  browser.types(`clear; seq 200; echo '${text}'\r`);
  await browser.sees(/end\s+ready> $/);
  const tmux = (...args: string[]) =>
    execFileSync('tmux', ['-S', findSocket(terminal.folder), ...args], { encoding: 'utf8' }).trim();
  const ask = (format: string) => tmux('display-message', '-p', '-t', '$0', format);
  const isScrolled = (yes: boolean) => eventually(() => ask('#{pane_in_mode}') === (yes ? '1' : '0') || undefined);
  return { browser, open, isScrolled, tmux, ask };
}

function findSocket(folder: string): string {
  const found = (readdirSync(folder, { recursive: true }) as string[]).map((name) => join(folder, name));
  return found.find((path) => path.endsWith('/tmux') && statSync(path).isSocket())!;
}

const copied = (raw: string): string[] =>
  [...raw.matchAll(/\x1b\]52;[^;]*;([A-Za-z0-9+/=]*)/g)].map(([, data = '']) => Buffer.from(data, 'base64').toString());

for (const [what, keys] of [
  ['a command', 'echo typed-$((40 + 2))\r'],
  ['a command that begins with a letter of tmux’s own keys', 'qq=1; echo typed-$((40 + 2))\r'],
  ['a paste', '\x1b[200~echo typed-$((40 + 2))\x1b[201~\r'],
] as const) {
  test(`history: ${what} typed while scrolled reaches the shell whole`, async (t) => {
    const { browser, isScrolled } = await start(t);
    browser.types(wheelUp);
    await isScrolled(true);
    browser.types(keys);
    await browser.sees('typed-42');
    await isScrolled(false);
    t.pass();
  });
}

test('history: while one browser scrolls, another one’s keys reach the shell', async (t) => {
  const { browser, open, isScrolled } = await start(t);
  const other = await open();
  browser.types(wheelUp);
  await isScrolled(true);
  other.types('echo typed-$((40 + 2))\r');
  await other.sees('typed-42');
  t.pass();
});

/** The latest state of the history that `browser` received. */
function follow({ socket }: Awaited<ReturnType<typeof start>>['browser']) {
  let view: HistoryView | undefined;
  socket.on('history', (told) => {
    view = told;
  });
  const shows = (is: (view: HistoryView) => boolean) => eventually(() => (view && is(view)) || undefined);
  return shows;
}

test('history: each browser gets the position of the screen, and a viewer cannot move it', async (t) => {
  const { browser, open, isScrolled, ask } = await start(t);
  const viewer = await open('viewer');
  const [shows, viewerShows] = [follow(browser), follow(viewer)];
  const scroll = (on: typeof browser, to: number) => new Promise<void>((done) => on.socket.emit('scroll', to, done));
  await scroll(browser, 50);
  t.is(ask('#{scroll_position}'), '50');
  await shows(({ lines, position }) => position === 50 && lines > 150);
  await viewerShows(({ position }) => position === 50);
  await scroll(viewer, 10);
  await scroll(viewer, 0);
  t.is(ask('#{scroll_position}'), '50');
  await scroll(browser, 1_000_000);
  t.is(ask('#{scroll_position}'), ask('#{history_size}'));
  browser.socket.emit('scroll', -1);
  void scroll(browser, 0);
  browser.types('echo typed-$((40 + 2))\r');
  await browser.sees('typed-42');
  await isScrolled(false);
  await viewerShows(({ position }) => position === null);
});

test('history: a pane that is closed while scrolled leaves the browser at the prompt of another', async (t) => {
  const { browser, tmux } = await start(t);
  const shows = follow(browser);
  tmux('split-window', '-t', '$0', 'sh', '-c', 'seq 300; exec cat');
  await eventually(() => Number(tmux('display-message', '-p', '-t', '$0', '#{history_size}')) > 200 || undefined);
  browser.socket.emit('scroll', 20);
  await shows(({ position }) => position === 20);
  tmux('kill-pane', '-t', '$0');
  await shows(({ position }) => position === null);
  t.pass();
});

test('history: focus, pointer motion and paging keep it open; Escape returns to the prompt', async (t) => {
  const { browser, isScrolled } = await start(t);
  browser.types(wheelUp);
  await isScrolled(true);
  for (const input of ['\x1b[O', '\x1b[I', mouse(35, 20, 5), '\x1b[5~', mouse(2, 5, 5), mouse(2, 5, 5, 'm')]) {
    await new Promise<void>((taken) => browser.socket.emit('input', input, taken));
    await isScrolled(true);
  }
  browser.types('\x1b');
  await isScrolled(false);
  browser.types('echo typed-$((40 + 2))\r');
  await browser.sees(/ready> echo typed-\S+ [^\n]*\s+typed-42|typed-42/);
  t.pass();
});

// The text is in the line above the prompt, which is the last one.
const row = 23;
const drag = (from: number, to: number) =>
  mouse(0, from, row) + mouse(32, Math.round((from + to) / 2), row) + mouse(32, to, row) + mouse(0, to, row, 'm');
const click = mouse(0, 20, row) + mouse(0, 20, row, 'm');

// A terminal for each test: tmux counts three presses within 0.6 s as a triple click at any place.
const copies = test.macro<[gesture: string, expected: string]>({
  title: (what) => `mouse: ${what} copies what is highlighted, which stays until the next key`,
  exec: async (t, gesture, expected) => {
    const { browser, isScrolled } = await start(t);
    browser.clears();
    browser.types(gesture);
    await eventually(() => copied(browser.raw()).length > 0 || undefined);
    t.deepEqual(copied(browser.raw()), [expected]);
    await isScrolled(true);
    browser.types('\x1b');
    await isScrolled(false);
  },
});
test('mouse: a drag copies the selection', copies, drag(1, 5), 'alpha');
test('mouse: a drag to the left copies', copies, drag(10, 7), 'beta');
test('mouse: a drag over wide characters copies', copies, drag(38, 40), '漢字');
test('mouse: a double click copies the word', copies, click.repeat(2), 'https://example.org/x?y=1');
test('mouse: a triple click copies the line', copies, click.repeat(3), `${text}\n`);

test('mouse: the middle button does not paste tmux’s buffer', async (t) => {
  const { browser, isScrolled } = await start(t);
  browser.types(mouse(0, 1, 23) + mouse(32, 5, 23) + mouse(0, 5, 23, 'm'));
  await isScrolled(true);
  browser.types('\x1b');
  await isScrolled(false);
  browser.types(mouse(1, 1, 23) + mouse(1, 1, 23, 'm'));
  browser.types('echo [$((40 + 2))]\r');
  await browser.sees('[42]');
  t.notRegex(browser.text(), /alphaecho/);
});
