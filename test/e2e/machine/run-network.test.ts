// The client on a separate machine: downloaded from the server, behind an HTTP proxy, and with a private certificate authority.

import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createServer, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import packageJson from '../../../package.json' with { type: 'json' };
import { selfSigned } from '../../helpers/certificate.ts';
import { createCli, privateFolder } from '../../helpers/cli.ts';
import { startConnectProxy } from '../../helpers/connect-proxy.ts';
import { ifInstalled } from '../../helpers/skip.ts';
import { shareLocalSystem } from '../../helpers/system.ts';

const system = shareLocalSystem(test, { replicas: 3, settings: { spare: '2', max: '12' } });
const pageHost = () => new URL(system().pageUrl).host;
const hello = ['run', '--', 'sh', '-c', 'cat; exit 3'];

test.serial('HTTP_PROXY: requests and the terminal’s WebSocket use only the proxy', async (t) => {
  const proxy = await startConnectProxy(t);
  const cli = createCli(t, system().pageUrl);
  const { code, stdout, stderr } = await cli.run(hello, { input: 'hello', env: { HTTP_PROXY: proxy.url } });
  t.deepEqual([code, String(stdout), stderr], [3, 'hello', '']);
  const others = proxy.asked.filter((asked) => asked !== pageHost());
  t.true(proxy.asked.length > others.length, 'requests to the server');
  t.is(others.length, 1, `the WebSocket to the terminal: ${proxy.asked}`);
  t.deepEqual(proxy.plain, []);
});

test.serial('HTTP_PROXY: without a route to terminals, the relay is used', async (t) => {
  const proxy = await startConnectProxy(t, { leadsTo: (port) => pageHost().endsWith(`:${port}`) });
  const cli = createCli(t, system().pageUrl);
  const { code, stdout, stderr } = await cli.run(hello, { input: 'hello', env: { http_proxy: proxy.url } });
  t.deepEqual([code, String(stdout), stderr], [3, 'hello', '']);
});

test.serial('NO_PROXY: hosts that it names are reached directly', async (t) => {
  const proxy = await startConnectProxy(t, { leadsTo: () => false });
  const cli = createCli(t, system().pageUrl);
  const env = { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url, NO_PROXY: 'example.org,127.0.0.1' };
  const { code, stdout, stderr } = await cli.run(hello, { input: 'hello', env });
  t.deepEqual([code, String(stdout), stderr], [3, 'hello', '']);
  t.deepEqual(proxy.asked, []);
});

test.serial('HTTP_PROXY: a silent or invalid proxy: one line, exit code 125', async (t) => {
  const proxy = await startConnectProxy(t);
  proxy.close();
  for (const [address, why] of [
    [proxy.url, /cannot be reached/],
    ['socks5://127.0.0.1:9', /not the address of an HTTP proxy/],
  ] as const) {
    const { code, stderr } = await createCli(t, system().pageUrl).run(hello, { env: { HTTP_PROXY: address } });
    t.is(code, 125);
    t.regex(stderr, /^warmterm: [^\n]+\n$/);
    t.regex(stderr, why);
  }
});

/** The server by HTTPS, as behind an ingress. */
async function startTls(t: ExecutionContext) {
  const made = selfSigned('localhost');
  const sockets = new Set<TLSSocket>();
  const front = createServer(made, (socket) => {
    sockets.add(socket);
    const inner = connect(Number(new URL(system().pageUrl).port), '127.0.0.1');
    inner.on('error', () => socket.destroy());
    socket.on('error', () => {}).once('close', () => inner.destroy());
    socket.pipe(inner).pipe(socket);
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    front.close();
  });
  const authority = join(privateFolder(t), 'authority.pem');
  writeFileSync(authority, made.cert);
  const { port } = front.address() as { port: number };
  return { url: `https://localhost:${port}`, host: `localhost:${port}`, authority, made };
}

test.serial('NODE_EXTRA_CA_CERTS: a server with a private authority, for requests and the WebSocket', async (t) => {
  const { url, authority } = await startTls(t);
  const cli = createCli(t, url);
  const { code, stdout, stderr } = await cli.run(hello, { input: 'hello', env: { NODE_EXTRA_CA_CERTS: authority } });
  t.deepEqual([code, String(stdout), stderr], [3, 'hello', '']);
  const refused = await cli.run(hello);
  t.is(refused.code, 125);
  t.regex(refused.stderr, /^warmterm: [^\n]+certificate is not trusted[^\n]+NODE_EXTRA_CA_CERTS[^\n]+\n$/);
});

test.serial('HTTPS_PROXY: a server by HTTPS through a proxy that speaks TLS itself', async (t) => {
  const { url, host, authority, made } = await startTls(t);
  const proxy = await startConnectProxy(t, { tls: made });
  const env = { HTTPS_PROXY: proxy.url.replace('127.0.0.1', 'localhost'), NODE_EXTRA_CA_CERTS: authority };
  const { code, stdout, stderr } = await createCli(t, url).run(hello, { input: 'hello', env });
  t.deepEqual([code, String(stdout), stderr], [3, 'hello', '']);
  // Pages by HTTPS use the relay if the terminal has no HTTPS.
  t.deepEqual([...new Set(proxy.asked)], [host]);
  t.true(proxy.asked.length >= 3, `a claim, a WebSocket and an end: ${proxy.asked}`);
});

/** A machine with Node.js, without files of this project and without a registry. */
function startMachine(t: ExecutionContext) {
  const home = privateFolder(t);
  const env = { PATH: process.env.PATH ?? '', HOME: home, npm_config_registry: 'http://127.0.0.1:9' };
  return async (program: string, ...args: string[]) =>
    (await promisify(execFile)(program, args, { cwd: home, env, timeout: 120_000 })).stdout.trim();
}

test.serial('npx: runs the server’s client, which logs in and runs a command', async (t) => {
  const onMachine = startMachine(t);
  const { pageUrl } = system();
  const npx = (...args: string[]) => onMachine('npx', '--yes', `${pageUrl}cli.tgz`, ...args);
  t.is(await npx('--version'), packageJson.version);
  await npx('login', pageUrl);
  t.is(await npx('run', '--', 'echo', 'hello'), 'hello');
});

ifInstalled('curl', test)('curl fetches the client as one file, which logs in and runs a command', async (t) => {
  const onMachine = startMachine(t);
  const { pageUrl } = system();
  await onMachine('curl', '-sSfO', `${pageUrl}cli/warmterm.mjs`);
  const client = (...args: string[]) => onMachine(process.execPath, 'warmterm.mjs', ...args);
  t.is(await client('--version'), packageJson.version);
  await client('login', pageUrl);
  t.is(await client('run', '--', 'echo', 'hello'), 'hello');
});
