import { readFileSync, writeFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import test from 'ava';
import { openBrowser } from '../helpers/terminal-browser.ts';
import { startManager } from '../helpers/terminal-manager.ts';
import { eventually, prompt, startTerminal } from '../helpers/terminal-process.ts';

test('start: not ready before the prompt is drawn', async (t) => {
  const manager = await startManager(t);
  const shell = `echo A greeting; until [ -e go ]; do sleep 0.02; done; export PS1='${prompt}'`;
  const terminal = await startTerminal(t, manager, { shell, ready: false });
  await manager.keyRequests.next();
  t.is(await terminal.check('/readyz'), 503);
  t.is(await terminal.check('/healthz'), 200);
  const early = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  t.is((await early.refused.next()).code, 'unavailable');
  writeFileSync(`${terminal.folder}/go`, '');
  await terminal.ready();
  const browser = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await browser.sees(/A greeting[\s\S]*ready>/);
});

test('start: not ready before it has the manager’s keys', async (t) => {
  const manager = await startManager(t);
  manager.state.away = true;
  const terminal = await startTerminal(t, manager, { ready: false });
  await manager.keyRequests.until((requests) => requests.length > 3 || undefined);
  t.is(await terminal.check('/readyz'), 503);
  manager.state.away = false;
  await terminal.ready();
  t.is(manager.reports.entries.length, 0, 'nothing is reported before anybody came');
});

test('start: a shell that exits before its prompt stops the server with an error', async (t) => {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager, { shell: 'exit 3', ready: false });
  t.is((await terminal.exits.next()).code, 1);
  await terminal.logs.next(({ msg }) => msg === 'a part of the service failed; shutting down');
});

test('start: reports all invalid settings at once', async (t) => {
  const manager = await startManager(t);
  const settings = { WARMTERM_IDLE_TIMEOUT: '15', WARMTERM_ACTIVITY: 'mouse', WARMTERM_TYPO: 'x', PORT: '-1' };
  const { message } = (await t.throwsAsync(startTerminal(t, manager, { settings }))) ?? { message: '' };
  for (const name of Object.keys(settings)) t.true(message.includes(name), `${name} in ${message}`);
});

test('start: reports at once, then when the number of browsers changes', async (t) => {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager, { settings: { WARMTERM_REPORT_INTERVAL: '10m' } });
  const browser = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  const first = await manager.reports.next();
  t.is(first.connections, 1);
  t.truthy(first.connectedAt);
  const second = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await manager.reports.next(({ connections }) => connections === 2);
  second.socket.disconnect();
  browser.socket.disconnect();
  const last = await manager.reports.next(({ connections }) => connections === 0);
  // The same moment within a tolerance: each answer of the manager corrects the terminal's clock by milliseconds.
  t.true(Math.abs(Date.parse(last.connectedAt!) - Date.parse(first.connectedAt!)) < 1_000);
});

test('start: the health port serves only the two checks', async (t) => {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager);
  t.is(await terminal.check('/healthz'), 200);
  t.is(await terminal.check('/readyz'), 200);
  for (const path of ['/', '/metrics', '/healthz/', '/../etc/passwd', '/socket.io', '/%00']) {
    t.is(await terminal.check(path), 404, path);
  }
  t.is((await fetch(`${terminal.healthUrl}/healthz`, { method: 'POST', body: 'x' })).status, 404);
  for (const path of ['/', '/healthz', '/readyz']) t.is((await fetch(terminal.url + path)).status, 404, path);
  await eventually(async () => (await terminal.check('/readyz')) === 200 || undefined);
});

test('start: processes in any window have lower priority than the server', async (t) => {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager, { settings: { WARMTERM_SHELL: '/bin/bash' } });
  const browser = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await browser.attached.next();
  const ours = getPriority();
  const { pid } = terminal;
  t.is(getPriority(pid), ours);
  t.is(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8'), readFileSync('/proc/self/oom_score_adj', 'utf8'));
  const shells = `-1000-${Math.min(ours + 10, 19)}\\b`;
  browser.types('echo first-$(cat /proc/self/oom_score_adj)-$(nice)\r');
  await browser.sees(new RegExp(`first${shells}`));
  browser.types(`tmux new-window; tmux send-keys 'echo next-$(cat /proc/self/oom_score_adj)-$(nice)' Enter\r`);
  await browser.sees(new RegExp(`next${shells}`));
});
