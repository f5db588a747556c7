import { existsSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { openBrowser } from '../helpers/terminal-browser.ts';
import { startManager } from '../helpers/terminal-manager.ts';
import { eventually, prompt, startTerminal } from '../helpers/terminal-process.ts';

test('attach: a browser sees the present prompt and its own input', async (t) => {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager);
  const browser = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  t.like(await browser.attached.next(), { name: 'pod-0', role: 'owner' });
  await browser.sees(prompt);
  browser.types('echo $((6 * 7))\r');
  await browser.sees(/\b42\b/);
  browser.types('echo $TERM $COLORTERM [$WARMTERM_POD_UID$PORT] héé\r');
  await browser.sees('tmux-256color truecolor [] héé');
});

test('attach: the shell has the browser’s size at first and after a resize', async (t) => {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager);
  const browser = openBrowser(t, terminal.url, { ticket: await manager.ticket(), size: { cols: 101, rows: 31 } });
  await browser.sees(prompt);
  browser.types('stty size\r');
  await browser.sees('31 101');
  browser.resizes({ cols: 90, rows: 20 });
  browser.types('until [ "$(stty size)" = "20 90" ]; do :; done; echo now-"$(stty size)"\r');
  await browser.sees('now-20 90');
  t.pass();
});

test('attach: two browsers of the owner share one shell', async (t) => {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager);
  const one = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  const two = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await Promise.all([one.sees(prompt), two.sees(prompt)]);
  two.types('echo from-$((1 + 1))\r');
  await Promise.all([one.sees('from-2'), two.sees('from-2')]);
  t.pass();
});

test('inv 2: attach: a job continues without browsers and is visible after a reconnect', async (t) => {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager);
  const first = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await first.sees(prompt);
  first.types('echo before-$((1 + 1)); until [ -e go ]; do sleep 0.02; done; echo after-$((2 + 2)) | tee done\r');
  await first.sees('before-2');
  first.socket.disconnect();
  await manager.reports.next(({ connections }) => connections === 0);
  writeFileSync(`${terminal.folder}/go`, '');
  await eventually(() => existsSync(`${terminal.folder}/done`) || undefined);
  const second = openBrowser(t, terminal.url, { ticket: await manager.ticket(), size: { cols: 120, rows: 40 } });
  await second.sees(/before-2[\s\S]*after-4/);
  t.pass();
});

test('attach: a viewer sees output and cannot type', async (t) => {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager);
  const owner = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await owner.sees(prompt);
  const viewer = openBrowser(t, terminal.url, { ticket: await manager.ticket({ role: 'viewer' }) });
  t.is((await viewer.attached.next()).role, 'viewer');
  await viewer.sees(prompt);
  viewer.types('echo intruder\r');
  // Events of one socket arrive in order: once the pong of a later refusal is back, the input was looked at.
  viewer.socket.emit('resize', { cols: 70, rows: 20 });
  owner.types('echo owner-$((3 + 3))\r');
  await viewer.sees('owner-6');
  await owner.sees('owner-6');
  t.notRegex(owner.text(), /intruder/);
});

test('attach: disconnects a browser whose tmux client was detached by hand', async (t) => {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager);
  const browser = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await browser.sees(prompt);
  browser.types('tmux detach-client -s warmterm\r');
  t.is(await browser.closed.next(), 'transport close');
  const again = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await again.sees(prompt);
  t.is(await terminal.check('/healthz'), 200);
  t.deepEqual(again.ended.entries, []);
});

test('attach: titles, clipboard and true colours reach the browser', async (t) => {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager);
  const browser = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await browser.sees(prompt);
  browser.types("printf '\\033]2;my-title\\007\\033]52;c;aGVsbG8=\\007\\033[38;2;1;2;3mtrue\\033[0m-%s\\n' end\r");
  await browser.sees('true-end');
  t.true(browser.raw().includes(']0;my-title'), 'title');
  t.regex(browser.raw(), /\x1b\]52;c?;aGVsbG8=/, 'clipboard');
  t.true(browser.raw().includes('38;2;1;2;3m'), 'colour');
});
