// The files in docs/examples/proxies, each in the real proxy, between Chromium and the whole system: the page by HTTPS at its own
// host name and below a path, by the relay and by the direct route.

import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Browser, Page } from 'playwright-core';
import { texts } from '../../../frontend/texts.ts';
import { freePort } from '../../../local/ports.ts';
import { createCli } from '../../helpers/cli.ts';
import { type ConnectProxy, startConnectProxy } from '../../helpers/connect-proxy.ts';
import { openBrowser, stillAnswers, typeText, waitForScreen, waitForState } from '../../helpers/frontend-browser.ts';
import { type ProxyName, type ReverseProxy, startReverseProxy, whyNoProxy } from '../../helpers/reverse-proxy.ts';
import { fileScope, type Scope } from '../../helpers/scope.ts';
import { skipIf } from '../../helpers/skip.ts';
import { isClaimed, shareLocalSystem, temporaryDirectory } from '../../helpers/system.ts';

const proxies: ProxyName[] = ['nginx', 'apache', 'caddy', 'haproxy'];
const terminals = 'terminals.test';

/** Common configurations that differ from the documented ones. */
const others: Record<string, { proxy: ProxyName; edit: (text: string) => string }> = {
  'own-host': {
    proxy: 'nginx',
    // Without a name for the upstream, nginx sends the address as Host.
    edit: (text) =>
      text.replaceAll('http://warmterm', `http://127.0.0.1:${webserverPort()}`).replaceAll(/^.* Host .*$/gm, ''),
  },
  'default-port': { proxy: 'nginx', edit: (text) => text.replaceAll('Host $http_host', 'Host $host:443') },
  'forwarded-host': {
    proxy: 'nginx',
    edit: (text) => text.replaceAll('Host $http_host', 'Host 127.0.0.1; proxy_set_header X-Forwarded-Host $http_host'),
  },
  'second-location': {
    proxy: 'nginx',
    edit: (text) =>
      text.replace(
        'location / {',
        `location /api/terminals/current/relay/ {
          proxy_pass http://warmterm;
          proxy_http_version 1.1;
          proxy_set_header Upgrade $http_upgrade;
          proxy_set_header Connection $warmterm_connection;
        }
        location / {`,
      ),
  },
  // A page at another port than 80, which nginx omits from Host.
  'lost-port': {
    proxy: 'nginx',
    edit: (text) =>
      text.replace(
        'return 308 https://$host$request_uri;',
        'location / { proxy_pass http://warmterm; proxy_set_header Host $host; }',
      ),
  },
  // A login that expires while `expired` exists, and a captive portal while `portal` does.
  login: {
    proxy: 'nginx',
    edit: (text) =>
      text.replaceAll(
        'location / {',
        `location / {
          default_type text/html;
          if (-f ${switches()}/expired) { return 302 https://login.test/; }
          if (-f ${switches()}/portal) { return 200 '<!doctype html><title>Welcome</title>'; }`,
      ),
  },
  'no-upgrade': { proxy: 'apache', edit: (text) => text.replaceAll(' upgrade=websocket', '') },
};

const scope = fileScope(test);
const system = shareLocalSystem(test, {
  replicas: 3,
  settings: { spare: '2', max: '20' },
  env: {
    webserver: {
      WARMTERM_TRUST_PROXY: 'loopback',
      // `warmterm` is what nginx sends for its upstream where nothing else is set.
      WARMTERM_HOSTS: [...proxies, ...Object.keys(others)]
        .map((name) => `*.${name}.test`)
        .join(',')
        .concat(',warmterm'),
      WARMTERM_ADDRESS: `https://{port}.${terminals}`,
    },
  },
});
/** A folder of files that switch the proxy's behaviour. The proxy runs as another user. */
let switchFolder: string;
const switches = () => switchFolder;
const webserverPort = () => Number(new URL(system().pageUrl).port);

/** The port for the host names of terminals in browsers, which forwards to one proxy, to another, or nowhere. */
let direct: Awaited<ReturnType<typeof startSwitch>>;
let browser: Browser;
/** Resolves host names that are not in the DNS for the command line. */
let names: ConnectProxy;
/** The ports of the started proxies, by the name in their host names. */
const started = new Map<string, ReverseProxy>();

test.serial.before(async () => {
  switchFolder = temporaryDirectory(scope);
  chmodSync(switchFolder, 0o755);
  direct = await startSwitch(scope);
  names = await startConnectProxy(scope, {
    resolve: (host) => ({
      host: '127.0.0.1',
      port: started.get(host.split('.').at(-2) ?? '')?.httpsPort ?? direct.port,
    }),
  });
  const variants = [...proxies.map((proxy) => [proxy, { proxy }] as const), ...Object.entries(others)];
  await Promise.all(
    variants.map(async ([name, { proxy, ...edit }]) => {
      if (whyNoProxy(proxy) !== undefined) return;
      const options = {
        webserverPort: webserverPort(),
        names: { 'example.org': `${name}.test`, 'terminals.example.net': terminals },
        ...edit,
      };
      started.set(name, await startReverseProxy(scope, proxy, options));
    }),
  );
  const rules = [...started].flatMap(([name, { httpPort, httpsPort }]) => [
    `MAP *.${name}.test:443 127.0.0.1:${httpsPort}`,
    `MAP *.${name}.test:80 127.0.0.1:${httpPort}`,
    `MAP *.${name}.test:8080 127.0.0.1:${httpPort}`,
  ]);
  browser = await openBrowser(scope, [
    `--host-resolver-rules=${[...rules, `MAP *.${terminals}:443 127.0.0.1:${direct.port}`].join(',')}`,
    '--ignore-certificate-errors',
  ]);
});

/** A TCP port with a target that can change. Without a target it refuses connections. */
async function startSwitch({ teardown }: Pick<Scope, 'teardown'>) {
  const port = await freePort();
  const open = new Set<Socket>();
  let target: number | undefined;
  const server = createServer((socket) => {
    open.add(socket.once('close', () => open.delete(socket)));
    if (target === undefined) return void socket.resetAndDestroy();
    const onward = connect(target, '127.0.0.1');
    for (const end of [socket, onward]) end.on('error', () => {});
    socket.once('close', () => onward.destroy());
    onward.once('close', () => socket.destroy());
    socket.pipe(onward).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  teardown(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return {
    port,
    to: (wanted: number | undefined) => {
      target = wanted;
      for (const socket of open) socket.destroy();
    },
  };
}

async function openTab(t: ExecutionContext): Promise<Page> {
  const context = await browser.newContext();
  t.teardown(() => context.close());
  return context.newPage();
}

/** Opens `url` as a new visitor. `sockets` are the URLs, without queries, of the WebSockets that received data. */
async function open(t: ExecutionContext, url: string): Promise<{ page: Page; sockets: Set<string> }> {
  const page = await openTab(t);
  const sockets = new Set<string>();
  page.on('websocket', (socket) => socket.on('framereceived', () => sockets.add(placeOf(socket.url()))));
  const answer = await page.goto(url);
  t.is(answer?.status(), 200, `${url}: ${await answer?.text()}`);
  await waitForState(page, 'connected');
  return { page, sockets };
}

const withProxy = (name: ProxyName) => skipIf(whyNoProxy(name), test.serial, test.serial.skip);

const webserverLog = () => readFileSync(system().webserver.logFile, 'utf8');

const placeOf = (url: string): string => {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
};

/** Types a command and waits for its output, also after a reload. */
async function work(t: ExecutionContext, page: Page): Promise<void> {
  await typeText(page, 'word=elephant; echo $((6 * 7)) is the answer\n');
  t.regex(await waitForScreen(page, /^42 is the answer$/m), /42/);
  await page.reload();
  await waitForState(page, 'connected');
  await typeText(page, 'clear; echo it was $word\n');
  t.regex(await waitForScreen(page, /^it was elephant$/m), /elephant/);
}

for (const name of proxies) {
  withProxy(name)(`${name}: the page at a host name of its own, by the direct way and by the relay`, async (t) => {
    direct.to(started.get(name)!.httpsPort);
    const { page, sockets } = await open(t, `http://shell.${name}.test/?renderer=dom`);
    t.is(new URL(page.url()).protocol, 'https:', 'redirected');
    await work(t, page);
    t.regex([...sockets].join(), new RegExp(`^wss://3\\d{4}\\.${terminals}/socket\\.io/$`));

    direct.to(undefined);
    await waitForState(page, 'reconnecting');
    await waitForState(page, 'connected');
    // Clear the list only now, because the last frames of the direct route may arrive late.
    sockets.clear();
    await stillAnswers(page, 'relayed');
    t.deepEqual([...sockets], [`wss://shell.${name}.test/api/terminals/current/relay/`]);
  });

  withProxy(name)(`${name}: the page and the command line below a path of another site`, async (t) => {
    direct.to(undefined);
    const { page, sockets } = await open(t, `http://apps.${name}.test/shell?renderer=dom`);
    t.is(page.url(), `https://apps.${name}.test/shell/?renderer=dom`, 'redirected');
    await work(t, page);
    t.deepEqual([...sockets], [`wss://apps.${name}.test/shell/api/terminals/current/relay/`]);

    const cli = createCli(t, `https://apps.${name}.test/shell/`);
    const { code, stdout, stderr } = await cli.run(['run', '--', 'sh', '-c', 'cat; exit 3'], {
      input: 'hello',
      env: { HTTPS_PROXY: names.url, NODE_EXTRA_CA_CERTS: started.get(name)!.certificate },
    });
    t.deepEqual([code, String(stdout), stderr], [3, 'hello', '']);
  });
}

for (const [name, title] of [
  ['own-host', 'the Host header is the address of the webserver (bare proxy_pass)'],
  ['default-port', 'the Host header has the default port'],
  ['forwarded-host', "the browser's host is in X-Forwarded-Host"],
  ['second-location', 'a location for WebSockets sets neither Host nor X-Forwarded headers'],
] as const) {
  withProxy('nginx')(`nginx: ${title}: the page works by the relay`, async (t) => {
    direct.to(undefined);
    const { page, sockets } = await open(t, `https://shell.${name}.test/?renderer=dom`);
    await stillAnswers(page, 'relayed');
    t.deepEqual([...sockets], [`wss://shell.${name}.test/api/terminals/current/relay/`]);
  });
}

withProxy('apache')('apache: without upgrade=websocket, log and page name the missing header', async (t) => {
  direct.to(undefined);
  const page = await openTab(t);
  await page.goto('https://shell.no-upgrade.test/?renderer=dom');
  await page.getByRole('heading', { name: texts.failures['no-websocket'].title }).waitFor();
  await page.getByText(texts.details).click();
  const what = 'A WebSocket request arrived without the header Upgrade: websocket: a proxy in front removes it.';
  await page.getByText(what).waitFor();
  t.true(webserverLog().includes(what));
});

withProxy('nginx')('nginx: without the port in Host: log and page say so, and nothing is claimed', async (t) => {
  const claimed = async () => (await system().kubernetes.pods()).filter(isClaimed).length;
  const before = await claimed();
  const page = await openTab(t);
  await page.goto('http://shell.lost-port.test:8080/?renderer=dom');
  await page.getByRole('heading', { name: texts.failures.forbidden.title }).waitFor();
  await page.getByText(texts.details).click();
  const what = 'from a page at "http://shell.lost-port.test:8080", but asks for the host "shell.lost-port.test"';
  await page.getByText(what).waitFor();
  // The log is JSON.
  t.true(webserverLog().includes(JSON.stringify(what).slice(1, -1)));
  t.is(await claimed(), before);
});

for (const [name, title] of [
  ['expired', 'an expired login'],
  ['portal', 'a captive portal'],
] as const) {
  withProxy('nginx')(
    `nginx: ${title} instead of the webserver: the page offers a sign-in and returns to its shell`,
    async (t) => {
      direct.to(started.get('login')!.httpsPort);
      const { page } = await open(t, 'https://shell.login.test/?renderer=dom');
      await typeText(page, 'word=elephant; echo ready-$((1 + 1))\n');
      await waitForScreen(page, /^ready-2$/m);
      const file = join(switches(), name);
      writeFileSync(file, '');
      t.teardown(() => rmSync(file, { force: true }));
      direct.to(undefined);
      await page.getByRole('heading', { name: texts.failures['sign-in'].title }).waitFor();
      await page.getByRole('button', { name: texts.signIn }).waitFor();
      rmSync(file);
      await page.evaluate(`dispatchEvent(new Event('online'))`);
      await waitForState(page, 'connected');
      await typeText(page, 'clear; echo it was $word\n');
      t.regex(await waitForScreen(page, /^it was elephant$/m), /elephant/);
    },
  );
}
