// Ports that services get before they start.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import test from 'ava';
import { claimPort, freePort } from '../../local/ports.ts';

test.serial('freePort: outside the ranges of the kernel and of node ports', async (t) => {
  const range = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
  const [from, to] = range.trim().split(/\s+/).map(Number) as [number, number];
  for (let draws = 0; draws < 100; draws++) {
    const port = await freePort();
    t.false(port >= from && port <= to, `${port} of ${from} to ${to}`);
    t.true(port >= 20_000 && port < 30_000);
  }
});

test.serial('freePort: never the same port twice', async (t) => {
  const ports = await Promise.all(Array.from({ length: 100 }, () => freePort()));
  t.is(new Set(ports).size, ports.length);
});

test.serial('freePort: skips a port in use; claimPort refuses it', async (t) => {
  const before = await freePort();
  const taken = before === 29_999 ? 20_000 : before + 1;
  const server = createServer().listen(taken, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  t.not(await freePort(), taken);
  await t.throwsAsync(claimPort('127.0.0.1', taken), {
    message: `PORT=${taken}: another process already listens on this port`,
  });
});

test.serial('claimPort: names an address that this machine does not have', async (t) => {
  const error = await t.throwsAsync(claimPort('192.0.2.1', 0));
  t.regex(error.message, /EADDRNOTAVAIL/);
});
