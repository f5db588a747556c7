// Ports that services get before they are started.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import test from 'ava';
import { claimPort, freePort } from '../../local/ports.ts';

test('a free port is none that the kernel gives to somebody else meanwhile, and no node port', async (t) => {
  const range = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
  const [from, to] = range.trim().split(/\s+/).map(Number) as [number, number];
  for (const random of [0, 0.5, 0.999_999]) {
    const port = await freePort('127.0.0.1', () => random);
    t.false(port >= from && port <= to, `${port} of ${from} to ${to}`);
    t.true(port >= 20_000 && port < 30_000);
  }
});

test('a port in use is passed over', async (t) => {
  const taken = await freePort();
  const server = createServer().listen(taken, '127.0.0.1');
  t.teardown(() => server.close());
  let asked = 0;
  const random = () => (++asked <= 2 ? (taken - 20_000 + 0.5) / 10_000 : Math.random());
  t.not(await freePort('127.0.0.1', random), taken);
  t.true(asked > 2);
  await t.throwsAsync(claimPort('127.0.0.1', taken), {
    message: `PORT=${taken}: something else is listening there already`,
  });
});

test('an address of another machine is said to be none of ours', async (t) => {
  const error = await t.throwsAsync(claimPort('192.0.2.1', 0));
  t.regex(error.message, /EADDRNOTAVAIL/);
});
