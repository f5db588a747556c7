// Clients without a ticket at the port that a Service exposes: no number of them harms clients with a ticket or fails a probe.

import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { keepSilent } from '../helpers/silent-connections.ts';
import { openBrowser } from '../helpers/terminal-browser.ts';
import { startManager, type TestManager } from '../helpers/terminal-manager.ts';
import { eventually, prompt, startTerminal } from '../helpers/terminal-process.ts';

// A page retries. If all clients look alike, the flood may displace one whose first packet is late.
async function attach(t: ExecutionContext, url: string, manager: TestManager) {
  for (let attempts = 1; ; attempts++) {
    const browser = openBrowser(t, url, { ticket: await manager.ticket() });
    const attached = await Promise.race([
      browser.attached.next().then(() => true),
      browser.refused.next().then(() => false),
    ]);
    if (attached) return browser;
    t.log(`attempt ${attempts} failed`);
  }
}

for (const [where, from] of [
  ['one address, which the visitors have too', ['127.0.0.1']],
  ['a hundred addresses', Array.from({ length: 100 }, (_, index) => `127.0.1.${index + 1}`)],
] as const) {
  test.serial(
    `inv 12: silent-connections: 2,000 without a ticket from ${where} block no browser and no probe`,
    async (t) => {
      const manager = await startManager(t);
      const terminal = await startTerminal(t, manager);
      const port = Number(new URL(terminal.url).port);
      const files = () => readdirSync(`/proc/${terminal.pid}/fd`).length;
      const owner = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
      await owner.sees(prompt);
      const before = files();
      const flood = await keepSilent(t, port, { count: 2_000, from });
      for (let round = 1; round <= 5; round++) {
        owner.types(`echo typed-$((${round} * 1))\r`);
        await owner.sees(`typed-${round}`);
        const again = await attach(t, terminal.url, manager);
        await again.sees(`typed-${round}`);
        again.socket.disconnect();
        t.deepEqual([await terminal.check('/healthz'), await terminal.check('/readyz')], [200, 200]);
        t.true(files() - before <= 512 + 30, `${files() - before} more files are open`);
      }
      t.log(`${flood.opened()} connections were opened`);
      t.deepEqual(owner.closed.entries, []);
      await flood.stop();
      await eventually(() => files() <= before || undefined);
      const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${terminal.pid}/status`, 'utf8'))?.[1]);
      t.log(`peak ${peak} kB RSS`);
      t.true(peak < 150_000, `peak ${peak} kB`);
    },
  );
}

test.serial('inv 12: silent-connections: one without a ticket is closed after two seconds', async (t) => {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager);
  const port = Number(new URL(terminal.url).port);
  const dripping = connect({ port, host: '127.0.0.1' });
  t.teardown(() => dripping.destroy());
  dripping.on('error', () => {});
  dripping.write('GET /socket.io/ HTTP/1.1\r\nX-Slow: ');
  const drip = setInterval(() => dripping.write('x'), 50);
  await new Promise<void>((resolve) => dripping.once('close', () => resolve()));
  clearInterval(drip);
  // A browser with a ticket stays connected without a limit.
  const owner = openBrowser(t, terminal.url, { ticket: await manager.ticket() });
  await owner.sees(prompt);
  owner.types('sleep 3; echo slept-$((1 + 1))\r');
  await owner.sees('slept-2');
  t.deepEqual(owner.closed.entries, []);
});

test.serial('silent-connections: closes a refused browser that stays connected', async (t) => {
  const manager = await startManager(t);
  const terminal = await startTerminal(t, manager);
  const files = () => readdirSync(`/proc/${terminal.pid}/fd`).length;
  const before = files();
  const refused = connect({ port: Number(new URL(terminal.url).port), host: '127.0.0.1', allowHalfOpen: true });
  t.teardown(() => refused.destroy());
  refused.on('error', () => {});
  let answer = '';
  refused.setEncoding('latin1').on('data', (text) => {
    answer += text;
  });
  refused.write(
    'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: warmterm, x.y.z\r\n\r\n',
  );
  await new Promise<void>((resolve) => refused.once('end', () => resolve()));
  t.regex(answer, /^HTTP\/1\.1 101 [\s\S]*Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=[\s\S]*invalid-ticket/);
  await eventually(() => files() <= before || undefined);
});
