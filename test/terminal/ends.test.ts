import { existsSync, readFileSync } from 'node:fs';
import test from 'ava';
import { openBrowser } from '../helpers/terminal-browser.ts';
import { processesNaming } from '../helpers/terminal-leftovers.ts';
import { startManager } from '../helpers/terminal-manager.ts';
import { eventually, prompt, startTerminal } from '../helpers/terminal-process.ts';

const hook = { WARMTERM_BEFORE_EXIT: 'echo "$PWD $COLORTERM [$WARMTERM_POD_UID]" >> hook' };
const hookRuns = (folder: string) =>
  existsSync(`${folder}/hook`) ? readFileSync(`${folder}/hook`, 'utf8').trim().split('\n') : [];

/** Processes that remain a few seconds after all should have ended. */
const leftovers = (folder: string) =>
  eventually(() => (processesNaming(`${folder}/`).length === 0 ? [] : undefined), 5_000).catch(() =>
    processesNaming(`${folder}/`),
  );

test('inv 6: ends: an idle session warns, a key keeps it, then page, hook and deletion', async (t) => {
  const manager = await startManager(t, { idleTimeoutMs: 4_000 });
  const settings = { WARMTERM_IDLE_TIMEOUT: '4s', WARMTERM_IDLE_WARNING: '2s', ...hook };
  const terminal = await startTerminal(t, manager, { settings });
  const browser = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  const warning = await browser.endings.next((ending) => ending !== null);
  t.is(warning?.reason, 'idle');
  t.true((warning?.inMs ?? 0) > 0 && (warning?.inMs ?? 0) <= 2_000, `${warning?.inMs} ms`);
  browser.types('\x1b[O');
  browser.types(' ');
  t.is(await browser.endings.next((ending) => ending === null), null);
  t.deepEqual(browser.ended.entries, []);
  t.is(await browser.ended.next(), 'idle');
  t.deepEqual(await manager.ends.next(), { reason: 'idle', idleMs: 4_000 });
  t.deepEqual(hookRuns(terminal.folder), [`${terminal.folder} truecolor []`]);
  t.is(await browser.closed.next(), 'io server disconnect');
  t.is(await terminal.check('/readyz'), 503);
  t.is(await terminal.check('/healthz'), 200);
  const late = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  t.is((await late.refused.next()).code, 'session-not-found');
  terminal.kill('SIGTERM');
  t.deepEqual(await terminal.exits.next(), { code: 0, signal: null });
  t.is(hookRuns(terminal.folder).length, 1, 'the hook never runs twice');
});

test('ends: an unused terminal does not become idle', async (t) => {
  const manager = await startManager(t);
  const settings = { WARMTERM_IDLE_TIMEOUT: '1s' };
  const waiting = await startTerminal(t, manager, { settings });
  const used = await startTerminal(t, manager, { settings });
  manager.state.answer = { idleTimeoutMs: 1_000 };
  // The used terminal starts later and ends first.
  const browser = openBrowser(t, used.url, { ticket: await manager.ticket() });
  await browser.ended.next();
  t.is(await waiting.check('/readyz'), 200);
});

test('ends: attaching during a countdown cancels it in all browsers', async (t) => {
  const manager = await startManager(t, { idleTimeoutMs: 8_000 });
  const settings = { WARMTERM_IDLE_TIMEOUT: '8s', WARMTERM_IDLE_WARNING: '4s' };
  const terminal = await startTerminal(t, manager, { settings });
  const one = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await one.endings.next((ending) => ending !== null);
  const two = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await two.attached.next();
  t.is(await one.endings.next((ending) => ending === null), null);
});

test('ends: with activity output, a printing job keeps the session and a silent one does not', async (t) => {
  const manager = await startManager(t, { idleTimeoutMs: 2_000 });
  const settings = { WARMTERM_IDLE_TIMEOUT: '2s', WARMTERM_IDLE_WARNING: '1s', WARMTERM_ACTIVITY: 'output' };
  const terminal = await startTerminal(t, manager, { settings });
  const browser = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await browser.sees(prompt);
  const typedAt = Date.now();
  browser.types('for i in $(seq 18); do sleep 0.2; echo tick-$i; done\r');
  await browser.sees('tick-1');
  const before = browser.endings.entries.length;
  await browser.sees('tick-18');
  t.deepEqual(browser.ended.entries, []);
  t.is(await browser.ended.next(), 'idle');
  t.true(Date.now() - typedAt > 3_600 + 1_000, 'the job outlived the timeout');
  t.true(browser.endings.entries.length <= before + 1, JSON.stringify(browser.endings.entries));
});

test('inv 6: ends: the manager’s lifetime ends the session despite input', async (t) => {
  const manager = await startManager(t);
  manager.state.livesMs = 1_500;
  const terminal = await startTerminal(t, manager, { settings: hook });
  const browser = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  const warning = await browser.endings.next((ending) => ending !== null);
  t.is(warning?.reason, 'lifetime');
  browser.types('echo typing\r');
  t.is(await browser.ended.next(), 'lifetime');
  await manager.deletes.next();
  t.is(hookRuns(terminal.folder).length, 1);
});

test('inv 6: ends: `exit` ends the session: page, hook, deletion', async (t) => {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager, { settings: hook });
  const browser = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await browser.sees(prompt);
  browser.types('exit\r');
  t.is(await browser.ended.next(), 'exit');
  await manager.deletes.next();
  t.is(hookRuns(terminal.folder).length, 1);
});

test('ends: SIGTERM: pages learn from the manager who deleted the pod', async (t) => {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager);
  const browser = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await browser.sees(prompt);
  manager.state.endedBy = 'administrator';
  terminal.kill('SIGTERM');
  t.is(await browser.ended.next(), 'administrator');
});

test('inv 9: ends: SIGTERM without a manager: pages get the reason deleted', async (t) => {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager);
  const browser = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await browser.sees(prompt);
  await manager.goAway();
  terminal.kill('SIGTERM');
  t.is(await browser.ended.next(), 'deleted');
});

test('ends: a killed tmux server ends the session like exit', async (t) => {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager);
  const browser = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await browser.sees(prompt);
  browser.types('kill -9 $(tmux display-message -p "#{pid}")\r');
  t.is(await browser.ended.next(), 'exit');
  await manager.deletes.next();
});

test('ends: SIGTERM notifies the pages, runs the hook once and leaves nothing behind', async (t) => {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager, { settings: hook });
  const browser = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await browser.sees(prompt);
  browser.types('sleep 1000 &\r');
  // The job has started once the shell shows its number.
  await browser.sees(/\[1\] \d+/);
  terminal.kill('SIGTERM');
  t.is(await browser.ended.next(), 'deleted');
  t.deepEqual(await terminal.exits.next(), { code: 0, signal: null });
  t.is(hookRuns(terminal.folder).length, 1);
  t.is(manager.deletes.entries.length, 0);
  t.deepEqual(await leftovers(terminal.folder), []);
  t.is(terminal.complaints(), '');
});

test('ends: a hanging hook is killed with its children at its timeout, also during SIGTERM', async (t) => {
  const manager = await startManager(t);
  const settings = {
    WARMTERM_BEFORE_EXIT: 'echo x >> hook; sleep 1234 & trap "" TERM; sleep 1234',
    WARMTERM_BEFORE_EXIT_TIMEOUT: '600ms',
  };
  const terminal = await startTerminal(t, manager, { settings });
  const browser = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await browser.sees(prompt);
  browser.types('exit\r');
  await eventually(() => hookRuns(terminal.folder).length === 1 || undefined);
  terminal.kill('SIGTERM');
  await browser.ended.next();
  t.is(browser.saved.entries[0]?.result, 'timed-out');
  t.deepEqual(await terminal.exits.next(), { code: 0, signal: null });
  t.is(hookRuns(terminal.folder).length, 1);
  t.deepEqual(await leftovers(terminal.folder), []);
});

test('ends: a killed server leaves no tmux behind', async (t) => {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager);
  const browser = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await browser.sees(prompt);
  terminal.kill('SIGKILL');
  await terminal.exits.next();
  t.deepEqual(await leftovers(terminal.folder), []);
});

test('inv 9: ends: no session ends during an outage of the manager; reports resume after it', async (t) => {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager);
  const ticket = await manager.ticket();
  const browser = openBrowser(t, terminal.url, { ticket });
  await browser.sees(prompt);
  await manager.reports.next();
  await manager.goAway();
  await terminal.logs.next(({ msg }) => msg.startsWith('could not report to the manager'));
  browser.types('echo alive-$((5 + 5))\r');
  await browser.sees('alive-10');
  // A ticket issued before still opens the terminal.
  const second = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await second.sees('alive-10');
  browser.types('exit\r');
  t.is(await browser.ended.next(), 'exit');
  await terminal.logs.next(({ msg }) => msg.startsWith('could not ask the manager to delete'));
  await manager.comeBack();
  await manager.deletes.next();
  const warnings = terminal.logs.entries.filter(({ level }) => level === 40);
  t.true(warnings.length <= 2, `an outage is logged once: ${JSON.stringify(warnings)}`);
});
