// The relay through the real webserver: which clients it admits, which data reaches the pod, and how it ends.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { type Socket as Client, io } from 'socket.io-client';
import { browserParser } from '../../common/output-frames.ts';
import type { ClientEvents, ServerEvents } from '../../common/socket.ts';
import { offerTicket } from '../../common/socket-protocol.ts';
import { paths } from '../../common/terminals-api.ts';
import { startTerminal } from '../helpers/frontend-terminal.ts';
import { startWebserver } from '../helpers/webserver-app.ts';
import { createVisitor } from '../helpers/webserver-browser.ts';
import { type Handshake, knock, type Pod, startClosed, startMute, startPod } from '../helpers/webserver-relay.ts';

const relay = `${paths.relay}?EIO=4&transport=websocket`;

/** A webserver whose terminals are all at `pod`, and a visitor with a terminal. */
async function start(t: ExecutionContext, pod: Pick<Pod, 'host' | 'port'> | undefined, environment = {}) {
  const webserver = await startWebserver(t, environment);
  webserver.manager.podAddress = pod && { host: pod.host, port: pod.port };
  return { ...webserver, ticket: await openTerminal(webserver.url) };
}

/** A new visitor's ticket. */
async function openTerminal(url: string): Promise<string> {
  const { body } = await createVisitor(url).send('POST', paths.terminals, { body: {} });
  return String(body.ticket);
}

const protocolOf = (ticket: string) => ({ 'sec-websocket-protocol': offerTicket(ticket).join(', ') });

function refusal(answer: Handshake): { status: number; code: string | undefined } {
  return { status: answer.status, code: 'body' in answer ? answer.body.code : undefined };
}

function upgraded(t: ExecutionContext, answer: Handshake): Socket {
  if ('socket' in answer) return answer.socket;
  t.log(answer);
  throw new Error('The relay does not let this through.');
}

/** A relayed connection with both ends. */
async function open(t: ExecutionContext, { url, ticket }: { url: string; ticket: string }, pod: Pod) {
  const arrives = pod.next();
  const browser = upgraded(t, await knock(t, url, { headers: protocolOf(ticket) }));
  return { browser, pod: await arrives };
}

test('relay: socket.io reaches the visitor’s terminal with its ticket', async (t) => {
  const terminal = await startTerminal(t);
  const { url, ticket } = await start(t, terminal);
  const socket: Client<ServerEvents, ClientEvents> = io(url, {
    path: paths.relay,
    transports: ['websocket'],
    parser: browserParser,
    reconnection: false,
    forceNew: true,
    protocols: offerTicket(ticket),
    auth: { size: { cols: 80, rows: 24 } },
  });
  t.teardown(() => void socket.close());
  const paste = 'x'.repeat(60_000);
  socket.once('attached', () => socket.emit('input', paste));
  const echo = new Promise<void>((resolve) => {
    socket.on('output', (bytes) => {
      if (Buffer.from(bytes).toString() === paste) resolve();
    });
  });
  await echo;
  t.deepEqual(terminal.handshakes, [{ ticket, size: { cols: 80, rows: 24 } }]);
  const gone = new Promise((resolve) => socket.once('disconnect', resolve));
  terminal.cut();
  t.is(await gone, 'transport close');
});

test('relay: forwards only the handshake headers in each direction', async (t) => {
  const pod = await startPod(
    t,
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: yes\r\n' +
      'Set-Cookie: warmterm=planted\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n',
  );
  const { url, ticket } = await start(t, pod);
  const headers = {
    ...protocolOf(ticket),
    cookie: 'theirs=1',
    origin: url,
    authorization: 'Bearer secret',
    'x-forwarded-for': '198.51.100.7',
    'sec-websocket-extensions': 'permessage-deflate',
    'user-agent': 'browser',
  };
  const answer = await knock(t, url, { headers, path: `${relay}&pool=default` });
  upgraded(t, answer);
  t.deepEqual(answer.headers, {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-accept': 'yes',
    'sec-websocket-protocol': 'warmterm',
  });
  const [request] = pod.requests;
  t.is(request?.url, '/socket.io/?EIO=4&transport=websocket');
  t.deepEqual(request?.headers, {
    connection: 'Upgrade',
    upgrade: 'websocket',
    host: `127.0.0.1:${pod.port}`,
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-version': '13',
    ...protocolOf(ticket),
  });
});

test('relay: works behind proxies that change Host, Origin or the protocol', async (t) => {
  const pod = await startPod(t);
  const { url, ticket, port } = await start(t, pod, { WARMTERM_TRUST_PROXY: '1' });
  const ways: Record<string, string>[] = [
    {},
    { origin: url },
    // nginx: bare proxy_pass; $host without its port; $host:$server_port.
    { origin: 'https://shell.example.org', host: `webserver:${port}` },
    { origin: 'https://shell.example.org:8443', host: 'shell.example.org' },
    { origin: 'https://shell.example.org', host: 'shell.example.org:443' },
    // Some browsers treat ws: as another site than http:.
    { origin: url, 'sec-fetch-site': 'cross-site' },
    // A location of its own without X-Forwarded-Proto, and one with it.
    { origin: 'https://shell.example.org', 'x-forwarded-for': '192.0.2.1' },
    { origin: 'https://shell.example.org', 'x-forwarded-proto': 'https' },
  ];
  for (const headers of ways) upgraded(t, await knock(t, url, { headers: { ...protocolOf(ticket), ...headers } }));
  t.is(pod.requests.length, ways.length);
});

test('relay: works through a location without X-Forwarded-Proto after a claim over https', async (t) => {
  const pod = await startPod(t);
  const webserver = await startWebserver(t, { WARMTERM_TRUST_PROXY: '1' });
  webserver.manager.podAddress = { host: pod.host, port: pod.port };
  const headers = { 'x-forwarded-proto': 'https' };
  const { body } = await createVisitor(webserver.url).send('POST', paths.terminals, { body: {}, headers });
  t.is((await knock(t, webserver.url, { headers: protocolOf(String(body.ticket)) })).status, 101);
});

test('inv 8: relay: refuses a WebSocket without a valid ticket before it connects to a pod', async (t) => {
  const pod = await startPod(t);
  const { url, ticket, manager } = await start(t, pod, { WARMTERM_RELAY_LIMIT: '1' });
  const [head, content = '', signature = ''] = ticket.split('.');
  const other = Buffer.from(
    JSON.stringify({ ...JSON.parse(Buffer.from(content, 'base64url').toString()), sub: 'x'.repeat(43) }),
  );
  const wrong: Record<string, Record<string, string>> = {
    none: {},
    empty: { 'sec-websocket-protocol': '' },
    'no ticket behind the protocol': { 'sec-websocket-protocol': 'warmterm' },
    nonsense: protocolOf('nonsense'),
    'of another protocol': { 'sec-websocket-protocol': `chat, ${ticket}` },
    'with another signature': protocolOf(`${head}.${content}.${'A'.repeat(20)}${signature.slice(20)}`),
    'for another visitor': protocolOf(`${head}.${other.toString('base64url')}.${signature}`),
    unsigned: protocolOf(`${Buffer.from('{"alg":"none"}').toString('base64url')}.${content}.`),
  };
  const asked = () => manager.requests.filter(({ method, path }) => method === 'GET' && path.includes('terminals'));
  for (const [what, headers] of Object.entries(wrong)) {
    t.deepEqual(refusal(await knock(t, url, { headers })), { status: 403, code: 'invalid-ticket' }, what);
  }
  t.is(asked().length, 0);
  t.is(pod.requests.length, 0);
  upgraded(t, await knock(t, url, { headers: protocolOf(ticket) }));
});

test('relay: a ticket of an ended terminal gets session-not-found', async (t) => {
  const pod = await startPod(t);
  const { url, ticket, manager } = await start(t, pod);
  manager.forgetAll();
  t.deepEqual(refusal(await knock(t, url, { headers: protocolOf(ticket) })), {
    status: 404,
    code: 'session-not-found',
  });
  t.is(pod.requests.length, 0);
});

test('inv 10: relay: refuses an invalid query', async (t) => {
  const pod = await startPod(t);
  const { url, ticket } = await start(t, pod);
  for (const more of [
    '&visitor=x',
    '&name=default-0',
    '&host=127.0.0.1',
    '&pool=../x',
    '&tab=x',
    '&transport=polling',
  ]) {
    const answer = await knock(t, url, { headers: protocolOf(ticket), path: relay + more });
    t.deepEqual(refusal(answer), { status: 400, code: 'invalid-request' }, more);
  }
  t.is(pod.requests.length, 0);
});

test('relay: WARMTERM_RELAY=never disables it', async (t) => {
  const pod = await startPod(t);
  const { url, ticket } = await start(t, pod, { WARMTERM_RELAY: 'never' });
  t.deepEqual(refusal(await knock(t, url, { headers: protocolOf(ticket) })), { status: 404, code: 'not-found' });
  t.is(pod.requests.length, 0);
});

test('relay: answers 426 to a request that is no WebSocket', async (t) => {
  const { url, ticket } = await start(t, await startPod(t));
  const answer = await fetch(url + relay);
  t.is(answer.status, 426);
  t.is(answer.headers.get('upgrade'), 'websocket');
  t.like(await answer.json(), { code: 'upgrade-required', detail: 'This endpoint accepts WebSockets only.' });
  const headers = { ...protocolOf(ticket), 'sec-websocket-key': '' };
  t.deepEqual(refusal(await knock(t, url, { headers })), { status: 400, code: 'invalid-request' });
});

for (const [missing, headers] of [
  ['Upgrade: websocket', { connection: 'close', upgrade: '' }],
  ['Upgrade: websocket', { connection: 'Upgrade', upgrade: 'h2c' }],
  ['Connection: Upgrade', { connection: 'keep-alive', upgrade: 'websocket' }],
] as const) {
  test(`relay: a WebSocket with ${JSON.stringify(headers)} answers 426; log and page name ${missing}`, async (t) => {
    const { url, manager, logged } = await startWebserver(t);
    const pod = await startPod(t);
    manager.podAddress = { host: pod.host, port: pod.port };
    const visitor = createVisitor(url);
    const claim = async () => (await visitor.send('POST', paths.terminals, { body: {} })).body;
    const { ticket } = await claim();
    const answer = await knock(t, url, { headers: { ...protocolOf(String(ticket)), ...headers } });
    t.is(answer.status, 426);
    const sentence = `A WebSocket request arrived without the header ${missing}: a proxy in front removes it.`;
    t.true('body' in answer && answer.body.detail?.startsWith(sentence));
    t.true(logged().includes(sentence));
    const again = await claim();
    const { code, detail } = again.relayProblem as { code: string; detail: string };
    t.deepEqual([code, detail.startsWith(sentence)], ['upgrade-required', true]);
    // Other visitors get no problem, and this one gets none once the relay works.
    t.is((await createVisitor(url).send('POST', paths.terminals, { body: {} })).body.relayProblem, undefined);
    upgraded(t, await knock(t, url, { headers: protocolOf(String(again.ticket)) }));
    t.is((await claim()).relayProblem, undefined);
  });
}

test('relay: the next claim reports why the relay could not reach the terminal', async (t) => {
  const { url, manager } = await startWebserver(t);
  manager.podAddress = await startClosed(t);
  const visitor = createVisitor(url);
  const { body } = await visitor.send('POST', paths.terminals, { body: {} });
  t.is((await knock(t, url, { headers: protocolOf(String(body.ticket)) })).status, 503);
  const again = await visitor.send('POST', paths.terminals, { body: {} });
  t.deepEqual(again.body.relayProblem, { code: 'unavailable', detail: 'The terminal cannot be reached.' });
});

test('http: ignores an unsupported upgrade and answers the request', async (t) => {
  const { url } = await startWebserver(t);
  const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABk' };
  const answer = await knock(t, url, { headers, path: '/healthz' });
  t.is(answer.status, 200);
  t.is(answer.headers.connection, 'close');
});

test('relay: unavailable if the terminal has no address, is unreachable or is no terminal', async (t) => {
  const closed = await startClosed(t);
  const page = await startPod(t, 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<script/>');
  const half = await startPod(
    t,
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  );
  for (const pod of [undefined, closed, page, half]) {
    const { url, ticket } = await start(t, pod);
    const answer = await knock(t, url, { headers: protocolOf(ticket) });
    t.deepEqual(refusal(answer), { status: 503, code: 'unavailable' });
  }
});

test('join: closes both sides when either ends', async (t) => {
  const pod = await startPod(t);
  const webserver = await start(t, pod);
  const ends: Record<string, (ends: { browser: Socket; pod: Socket }) => Socket> = {
    'the browser hangs up': ({ browser, pod }) => {
      browser.resetAndDestroy();
      return pod;
    },
    'the browser says goodbye': ({ browser, pod }) => {
      browser.end();
      return pod;
    },
    'the pod is gone': ({ browser, pod }) => {
      pod.resetAndDestroy();
      return browser;
    },
    'the pod says goodbye': ({ browser, pod }) => {
      pod.end('last words');
      return browser;
    },
  };
  for (const [what, end] of Object.entries(ends)) {
    const other = end(await open(t, webserver, pod));
    const chunks: Buffer[] = [];
    other.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(other, 'close');
    t.is(Buffer.concat(chunks).toString(), what === 'the pod says goodbye' ? 'last words' : '', what);
  }
});

test('relay: keeps to WARMTERM_RELAY_LIMIT, and a closed connection frees its slot', async (t) => {
  const pod = await startPod(t);
  const webserver = await start(t, pod, { WARMTERM_RELAY_LIMIT: '2' });
  const { url, ticket } = webserver;
  const first = await open(t, webserver, pod);
  await open(t, webserver, pod);
  // A refused request counts for nothing.
  t.is((await knock(t, url, { path: relay })).status, 403);
  t.deepEqual(refusal(await knock(t, url, { headers: protocolOf(ticket) })), { status: 503, code: 'unavailable' });
  first.browser.destroy();
  await once(first.pod.resume(), 'close');
  await open(t, webserver, pod);
  t.is(pod.requests.length, 3);
});

test('relay: SIGTERM closes relayed connections at once, also those being opened', async (t) => {
  const [pod, mute] = [await startPod(t), await startMute(t)];
  const webserver = await start(t, pod);
  const { browser, pod: podEnd } = await open(t, webserver, pod);
  webserver.manager.podAddress = mute;
  const late = await openTerminal(webserver.url);
  const reached = once(mute.server, 'connection');
  const opening = knock(t, webserver.url, { headers: protocolOf(late) });
  const [mutePod] = await reached;
  const closed = [browser.resume(), podEnd.resume(), mutePod as Socket].map((socket) => once(socket, 'close'));
  await Promise.all([webserver.stop(), t.throwsAsync(opening), ...closed]);
});

test('relay: refuses new connections after SIGTERM', async (t) => {
  const pod = await startPod(t);
  const { ticket, port, stop } = await start(t, pod);
  const browser = connect(port, '127.0.0.1');
  t.teardown(() => void browser.destroy());
  browser.on('error', () => {});
  const lines = [`GET ${relay} HTTP/1.1`, 'Host: localhost', 'Connection: Upgrade', 'Upgrade: websocket'];
  browser.write(`${lines.join('\r\n')}\r\n`);
  await once(browser, 'connect');
  // Wait for the answer to a later request: by then the half request has been read.
  await createVisitor(`http://127.0.0.1:${port}`).send('GET', '/healthz');
  const stopped = stop();
  browser.write(
    `Sec-WebSocket-Protocol: warmterm, ${ticket}\r\nSec-WebSocket-Key: key\r\nSec-WebSocket-Version: 13\r\n\r\n`,
  );
  // Closed or reset: `once` would reject on a reset.
  const closed = new Promise((resolve) => browser.resume().once('close', resolve));
  await Promise.all([stopped, closed]);
  t.is(pod.requests.length, 0);
});
