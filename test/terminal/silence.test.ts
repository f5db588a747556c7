import test from 'ava';
import { heartbeat } from '../../common/socket.ts';
import { startLine } from '../helpers/line.ts';
import { openBrowser } from '../helpers/terminal-browser.ts';
import { startManager } from '../helpers/terminal-manager.ts';
import { prompt, startTerminal } from '../helpers/terminal-process.ts';

test('heartbeat: both ends notice a dead connection, and the shell continues', async (t) => {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager);
  const line = await startLine(t, { host: '127.0.0.1', port: Number(new URL(terminal.url).port) });
  const browser = openBrowser(t, line.url, { ticket: await manager.ticket() });
  await browser.sees(prompt);
  browser.types('echo before-$((1 + 1))\r');
  await browser.sees('before-2');
  const startedAt = Date.now();
  line.silence();
  t.is(await browser.closed.next(), 'ping timeout');
  const noticed = [Date.now() - startedAt];
  const { reason } = await terminal.logs.next(({ msg }) => msg === 'client detached');
  noticed.push(Date.now() - startedAt);
  t.is(reason, 'ping timeout');
  t.log(`noticed by the browser after ${noticed[0]} ms, by the terminal after ${noticed[1]} ms`);
  await manager.reports.next(({ connections }) => connections === 0);
  const again = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await again.sees('before-2');
});

test('heartbeat: ping interval and timeout are below five seconds', (t) => {
  t.true(heartbeat.pingInterval + heartbeat.pingTimeout < 5_000);
});
