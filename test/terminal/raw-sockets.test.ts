// Both ports of a terminal with clients that write data to its sockets that no browser writes.

import test from 'ava';
import { fuzzRawSockets, get, upgrade } from '../helpers/raw-sockets.ts';
import { openBrowser } from '../helpers/terminal-browser.ts';
import { startManager } from '../helpers/terminal-manager.ts';
import { prompt, startTerminal } from '../helpers/terminal-process.ts';

const path = '/socket.io/?EIO=4&transport=websocket';
const socket = (ticket: string, at = path) =>
  upgrade(
    at,
    'websocket',
    `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: warmterm, ${ticket}\r\n`,
  );

for (const which of ['url', 'healthUrl'] as const) {
  const what = which === 'url' ? 'a terminal’s port' : 'its health port';
  test(`inv 10, 12: raw sockets at ${what} leave no file and little memory behind; its browser stays attached`, async (t) => {
    const manager = await startManager(t);
    const terminal = await startTerminal(t, manager, { settings: { LOG_LEVEL: 'info' } });
    const owner = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
    await owner.sees(prompt);
    // Each ticket is valid once, and is verified each time.
    const tickets = await Promise.all(Array.from({ length: 5 }, () => manager.ticket()));
    await fuzzRawSockets(t, {
      port: Number(new URL(terminal[which]).port),
      pid: terminal.pid,
      paths: ['/', '/socket.io/', path, '/healthz'],
      requests: [
        get('/'),
        get('/healthz'),
        get(path),
        upgrade(),
        upgrade(path),
        socket('a.b.c'),
        socket(tickets[0]!, `${path}&sid=x`),
        ...tickets.map((ticket) => socket(ticket)),
      ],
      isWell: async () => (await terminal.check('/healthz')) === 200,
    });
    t.deepEqual(terminal.exits.entries, []);
    t.is(terminal.complaints(), '');
    owner.types('echo alive-$((1 + 1))\r');
    await owner.sees('alive-2');
    t.deepEqual(owner.closed.entries, []);
  });
}
