// Attacks of a visitor of `npm start` from the shell of a terminal, next to another visitor's terminal.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { homedir, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import anyTest, { type ExecutionContext } from 'ava';
import { skipIf, whyNoSandbox } from '../helpers/skip.ts';
import { claimSoon, createVisitor, shareLocalSystem } from '../helpers/system.ts';
import { openBrowser } from '../helpers/terminal-browser.ts';

const test = skipIf(await whyNoSandbox(), anyTest, anyTest.skip);
const system = shareLocalSystem(anyTest, { settings: { spare: '1', max: '4' }, replicas: 2 });

type Shell = Awaited<ReturnType<typeof openShell>>;

async function openShell(t: ExecutionContext) {
  const { url, ticket } = await claimSoon(createVisitor(system()));
  const browser = openBrowser(t, url, { ticket, size: { cols: 250, rows: 50 } });
  await browser.attached.next();
  return browser;
}

/** The outcome of each command: `done` when it succeeds, else `refused`. */
async function attempt(shell: Shell, commands: Record<string, string>): Promise<Record<string, string>> {
  const outcomes: Record<string, string> = {};
  for (const [name, command] of Object.entries(commands)) {
    shell.clears();
    // The typed text must not match the printed one.
    shell.types(`(${command}) > /dev/null 2>&1 && echo res""ult done. || echo res""ult refused.\r`);
    await shell.sees(/result (done|refused)\./);
    outcomes[name] = /result (done|refused)\./.exec(shell.text())?.[1] ?? '';
  }
  return outcomes;
}

const refusedAll = (commands: Record<string, string>) =>
  Object.fromEntries(Object.keys(commands).map((name) => [name, 'refused']));

/** A listener on every address of this machine; the addresses by name. */
async function listenEverywhere(t: ExecutionContext): Promise<{ port: number; addresses: string[] }> {
  const server = createServer((socket) => socket.on('error', () => {}).end('reached'));
  await new Promise<void>((resolve) => server.listen(0, '::', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as { port: number };
  const addresses = Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ address }) => address));
  return { port, addresses: addresses.filter((address) => !address.startsWith('fe80')) };
}

test('attack: a shell reads and changes nothing of the machine', async (t) => {
  const folder = await mkdtemp(join(process.cwd(), 'dist-tests', 'secret-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const secret = join(folder, 'secret');
  await writeFile(secret, 'x', { mode: 0o600 });
  const shell = await openShell(t);
  const commands = {
    'core_pattern for writing': 'exec 3>> /proc/sys/kernel/core_pattern',
    'another setting of the kernel for writing': 'exec 3>> /proc/sys/kernel/printk',
    sysrq: 'exec 3>> /proc/sysrq-trigger',
    'a file that only its owner reads': `cat ${secret}`,
    '/etc/shadow': 'cat /etc/shadow',
    'a file of root': 'cat /etc/.pwd.lock /etc/gshadow-',
    'homes of others': `ls ${homedir() === '/home/visitor' ? '/root' : homedir()}`,
    'the project': `ls ${join(process.cwd(), 'package.json')}`,
    'the kubeconfig of the cluster': `cat ${system().cluster.kubeconfig}`,
    'the folders of other terminals': `ls ${join(system().directory, 'cluster', 'pods')}`,
    '/sys': 'ls /sys/*',
    'a file in /usr': 'touch /usr/x',
    'a file in /etc': 'touch /etc/x',
    'a file in /': 'touch /x',
    'its own program': 'exec 3>> /opt/warmterm/terminal.mjs',
    'the token’s folder': 'touch /run/secrets/warmterm/x',
    mount: 'mount -t tmpfs none /tmp',
    'a device': 'mknod /tmp/sda b 8 0',
    'a setuid program': 'setsid -w su -c true < /dev/null',
    'a process outside': `kill -0 ${process.pid}`,
    'the memory of the first process': 'head -c 1 /proc/1/mem || cat /proc/1/environ | grep .',
    'the root of the first process': 'ls /proc/1/root/',
  };
  t.deepEqual(await attempt(shell, commands), refusedAll(commands));
  t.deepEqual(
    await attempt(shell, {
      'is nobody of the machine': '[ "$(id -u)" != 0 ]',
      'has no rights': 'grep -q "^CapBnd:.0*$" /proc/self/status',
      'sees few processes': '[ $(ls -d /proc/[0-9]* | wc -l) -lt 20 ]',
      'writes to its home and /tmp': 'touch ~/x /tmp/x /var/tmp/y',
    }),
    {
      'is nobody of the machine': 'done',
      'has no rights': 'done',
      'sees few processes': 'done',
      'writes to its home and /tmp': 'done',
    },
  );
});

test('attack: a shell reaches no address of the machine or its networks', async (t) => {
  const { port, addresses } = await listenEverywhere(t);
  const shell = await openShell(t);
  const connects = (address: string, to: number | string = port) =>
    `timeout 2 bash -c 'exec 3<>/dev/tcp/${address}/${to}'`;
  const commands = {
    ...Object.fromEntries(addresses.map((address) => [address, connects(address)])),
    'the page': connects('127.0.0.1', new URL(system().pageUrl).port),
    'the manager': connects('127.0.0.1', new URL(system().managerUrl).port),
    'the Kubernetes API': connects('127.0.0.1', new URL(system().cluster.url).port),
    'metadata, link-local': connects('169.254.169.254', 80),
    'metadata, Azure': connects('168.63.129.16', 80),
    'a neighbour, 10/8': connects('10.1.2.3', 80),
    'a neighbour, 172.16/12': connects('172.16.1.1', 80),
    'a neighbour, 192.168/16': connects('192.168.1.1', 80),
    'a neighbour, 100.64/10': connects('100.64.0.1', 80),
    'the gateway of slirp4netns, which can stand for this machine': connects('10.0.2.2'),
    'a port of the name server but DNS': connects('10.0.2.3'),
    'the gateway, by IPv6': connects('fe80::2%tap0'),
  };
  t.deepEqual(await attempt(shell, commands), refusedAll(commands));
  const { isolation } = system().cluster;
  if ('network' in isolation && isolation.network === 'internet') {
    // slirp4netns connects the network a moment after the start.
    const routed = 'until ip route get 8.8.8.8 | grep -q tap0; do sleep 0.1; done';
    const bound = (to: string) =>
      `python3 -c "import socket; s = socket.socket(); s.settimeout(2); s.setsockopt(1, 25, b'tap0'); s.connect(('${to}', ${port}))"`;
    const changes = {
      'change a route': 'ip route add 10.1.2.3/32 dev tap0',
      'change a rule': 'ip rule del pref 20',
      'change a policy': 'ip xfrm policy flush',
      ...Object.fromEntries(
        ['10.0.2.2', '10.0.2.3', '10.1.2.3', '192.168.1.1'].map((to) => [`a socket bound to tap0: ${to}`, bound(to)]),
      ),
    };
    t.deepEqual(await attempt(shell, { 'a public address': routed, ...changes }), {
      'a public address': 'done',
      ...refusedAll(changes),
    });
  }
  t.deepEqual(await attempt(shell, { manager: 'test -S /run/services/manager' }), { manager: 'done' });
});

test('attack: DNS rebinding reaches no port of the machine', async (t) => {
  const { url } = await claimSoon(createVisitor(system()));
  const ask = (to: string, path: string) =>
    new Promise((resolve, reject) => {
      const { port } = new URL(to);
      const headers = { host: `evil.example:${port}`, origin: `http://evil.example:${port}` };
      get({ host: '127.0.0.1', port, path, headers, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).once('error', reject);
    });
  const { pageUrl, managerUrl, cluster } = system();
  t.is(await ask(pageUrl, '/'), 421);
  t.is(await ask(managerUrl, '/openapi.json'), 421);
  t.is(await ask(cluster.url, '/version'), 421);
  // A terminal has many host names. It serves only a socket, for which a page needs a ticket (inv 8).
  t.is(await ask(url, '/'), 404);
  const browser = openBrowser(t, url, { ticket: undefined });
  t.like(await browser.refused.next(), { code: 'invalid-request' });
});
