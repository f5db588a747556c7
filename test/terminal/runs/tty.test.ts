// Runs with a tty, each in its own tmux session.

import { spawnSync } from 'node:child_process';
import test from 'ava';
import type { RunStatus } from '../../../common/runs.ts';
import { quote, ttyScript } from '../../../terminal/runs/tty-script.ts';
import { ask, begin, get, openRuns, Received, request, startRunTerminal } from '../../helpers/run-client.ts';
import { openBrowser } from '../../helpers/terminal-browser.ts';

const tty = { cols: 91, rows: 33 };

test('tty-script: a shell passes every word unchanged', (t) => {
  const args = [
    '',
    ' ',
    'a b',
    '"',
    "'",
    "''",
    '\n',
    '$HOME',
    '`id`',
    '-n',
    '--',
    '*',
    ';',
    'x;',
    '\\',
    'ä😀',
    '!',
    '~',
  ];
  const environment = { A: "it's $x\n", UID: '7', IFS: 'a' };
  const program = 'console.log(JSON.stringify([process.argv.slice(1), process.env.A, process.env.UID, process.cwd()]))';
  const script = ttyScript({
    path: process.execPath,
    args: ['-e', program, '--', ...args],
    directory: '/',
    environment,
  });
  const { stdout, stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
  t.deepEqual(JSON.parse(stdout || JSON.stringify(stderr)), [args, environment.A, '7', '/']);
  t.is(quote("it's"), "'it'\\''s'");
});

test.serial('tty: has the right size from the start, and reports how the command ended', async (t) => {
  const { socket, terminal, manager } = await startRunTerminal(t);
  const script =
    'stty size; test -t 0 && test -t 1 && test -t 2 && echo a tty; printf "<%s>" "$@"; read x; echo "got $x"; exit 7';
  const wanted = request(['sh', '-c', script, 'sh', '', 'a b;', ';', '$HOME'], { tty, stdin: true });
  const received = await begin(t, socket, wanted);
  const browser = openBrowser(t, terminal.url, { ticket: await manager.ticket(), run: wanted.run, size: tty });
  await browser.sees(/33 91\s+a tty\s+<><a b;><;><\$HOME>/);
  t.like(await ask(socket, 'input', { run: wanted.run, offset: 0, bytes: Buffer.from('x'), end: false }), {
    code: 'invalid-request',
  });
  browser.types('this\r');
  await browser.sees('got this');
  t.deepEqual(await received.exits.next(), { code: 7 });
  t.like((await get<RunStatus[]>(socket, 'list'))[0], { tty: true, exit: { code: 7 } });
  // The last screen remains for a page that connects later; a resize of it is no error.
  browser.resizes({ cols: 50, rows: 20 });
  const late = openBrowser(t, terminal.url, { ticket: await manager.ticket({ role: 'viewer' }), run: wanted.run });
  await late.sees('got this');
});

test.serial('tty: Ctrl-C, a resize and a signal reach the command, and not the terminal’s own shell', async (t) => {
  const { socket, terminal, manager } = await startRunTerminal(t);
  const script = 'trap "stty size" WINCH; trap "echo caught; exit 130" INT; echo up; while :; do sleep 0.05; done';
  const wanted = request(['sh', '-c', script], { tty });
  const received = await begin(t, socket, wanted);
  const browser = openBrowser(t, terminal.url, { ticket: await manager.ticket(), run: wanted.run, size: tty });
  await browser.sees('up');
  browser.resizes({ cols: 70, rows: 21 });
  await browser.sees('21 70');
  browser.types('\x03');
  t.deepEqual(await received.exits.next(), { code: 130 });
  const killed = await begin(t, socket, request(['sleep', '1000'], { tty, detached: true }));
  await get(socket, 'signal', { run: killed.run, signal: 'SIGKILL' });
  t.deepEqual(await killed.exits.next(), { signal: 'SIGKILL' });
  const main = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await main.sees('ready> ');
  t.notRegex(main.text(), /up|caught/);
});

test.serial(
  'tty: a command that ends at once has an exit, and a screen for the client that attaches after it',
  async (t) => {
    const { socket, terminal, manager } = await startRunTerminal(t);
    for (let i = 0; i < 5; i++) {
      const done = await begin(t, socket, request(['sh', '-c', `exit ${i}`], { tty, detached: true }));
      t.deepEqual(await done.exits.next(), { code: i });
    }
    const wanted = request(['sh', '-c', 'echo last line'], { tty });
    const received = await begin(t, socket, wanted);
    const browser = openBrowser(t, terminal.url, { ticket: await manager.ticket(), run: wanted.run, size: tty });
    await browser.sees('last line');
    t.deepEqual(await received.exits.next(), { code: 0 });
    const missing = await begin(t, socket, request(['no-such'], { tty }));
    t.like(await missing.exits.next(), { cause: 'not-found' });
  },
);

test.serial('tty: reports a killed session or pane; refuses an unknown run', async (t) => {
  const { socket, terminal, manager } = await startRunTerminal(t);
  const wanted = request(['sleep', '1000'], { tty });
  const received = await begin(t, socket, wanted);
  const main = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await main.sees('ready> ');
  main.types(`tmux kill-session -t run-${wanted.run}\r`);
  t.like(await received.exits.next(), { signal: 'SIGHUP' });
  for (const run of [wanted.run, 'unknown0']) {
    const late = openBrowser(t, terminal.url, { ticket: await manager.ticket(), run });
    t.is((await late.refused.next()).code, 'session-not-found', run);
  }
  const piped = await begin(t, socket, request(['sleep', '1000']));
  const wrong = openBrowser(t, terminal.url, { ticket: await manager.ticket(), run: piped.run });
  t.is((await wrong.refused.next()).code, 'session-not-found');
});

test.serial('tty: one WebSocket carries the screen and the run', async (t) => {
  const { socket, terminal, manager } = await startRunTerminal(t);
  const wanted = request(['sh', '-c', 'echo up; read x'], { tty });
  await get(socket, 'start', wanted);
  const browser = openBrowser(t, terminal.url, { ticket: await manager.ticket(), run: wanted.run });
  await browser.sees('up');
  const runs = browser.socket.io.socket('/runs', {}) as unknown as Parameters<typeof get>[0];
  await new Promise<void>((resolve) => runs.once('connect', resolve));
  const received = new Received(t, wanted.run);
  await received.follow(runs);
  await new Promise<void>((resolve) => {
    browser.socket.once('disconnect', () => resolve());
    browser.socket.disconnect();
  });
  // The other browser continues.
  await get(runs, 'stop', wanted.run);
  t.like(await received.exits.next(), { cause: 'stop' });
  t.is((await openRuns(t, terminal, manager)).connected, true);
});
