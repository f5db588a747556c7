// Raw sockets do what no browser does: pipelined requests, unexpected upgrades, half requests, resets, and answers left unread.

import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import test from 'ava';
import { paths } from '../../common/terminals-api.ts';
import { send, watchConnections } from '../helpers/garbage.ts';
import { poll } from '../helpers/poll.ts';
import { proposedId } from '../helpers/proposed-id.ts';
import { fuzzRawSockets, get, upgrade } from '../helpers/raw-sockets.ts';
import { keepSilent, words } from '../helpers/silent-connections.ts';
import { startWebserver, type Webserver } from '../helpers/webserver-app.ts';
import { createVisitor } from '../helpers/webserver-browser.ts';
import { knock, startClosed, startPod } from '../helpers/webserver-relay.ts';

const post = `POST /api/terminals HTTP/1.1\r\nHost: x\r\nWarmterm-Visitor: ${proposedId()}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`;

// Serial: it counts the open files of the whole process.
const isWell = async ({ url }: Webserver) => (await fetch(`${url}/healthz`)).status === 200;
const openFiles = () => readdirSync('/proc/self/fd').length;

async function largestAsset({ url }: Webserver): Promise<string> {
  const page = await (await fetch(url)).text();
  return `/${/assets\/main-[^"]+\.js/.exec(page)![0]}`;
}

for (const [what, requests] of [
  ['a request', get('/') + get('/')],
  ['an upgrade', get('/') + upgrade()],
  ['an upgrade behind a request without a host', `GET / HTTP/1.1\r\n\r\n${upgrade()}`],
  ['an upgrade behind an unknown expectation', get('/', 'Expect: x\r\n') + upgrade()],
  ['a request behind an upgrade', upgrade() + get('/')],
  ['an upgrade behind an upgrade', upgrade() + upgrade()],
  ['a request behind a claim', post + get('/')],
  ['an upgrade behind a claim', post + upgrade()],
] as const) {
  test.serial(
    `inv 10: http: ${what} sent before the last answer is not handled, and the server keeps working`,
    async (t) => {
      const webserver = await startWebserver(t);
      const statuses = await send(webserver.port, requests, 'say nothing');
      t.true(statuses.length <= 1, statuses.join());
      t.true(await isWell(webserver));
    },
  );
}

test.serial('http: answers consecutive requests on one connection', async (t) => {
  const { port } = await startWebserver(t);
  const socket = connect({ port, host: '127.0.0.1' });
  t.teardown(() => socket.destroy());
  let answers = 0;
  socket.setEncoding('latin1').on('data', (text: string) => {
    const more = text.match(/HTTP\/1\.1 200 /g)?.length ?? 0;
    answers += more;
    if (more > 0 && answers < 20) socket.write(get('/healthz'));
  });
  socket.write(get('/healthz'));
  t.true(await poll(() => answers === 20, 10_000), `${answers} answers`);
});

test.serial('inv 10: twenty connections with a thousand pipelined requests each leave no file open', async (t) => {
  const webserver = await startWebserver(t);
  const open = watchConnections(t, webserver.port);
  const requests = get(await largestAsset(webserver)).repeat(1_000);
  const before = openFiles();
  const statuses = await Promise.all(Array.from({ length: 20 }, () => send(webserver.port, requests)));
  t.true(statuses.every(({ length }) => length <= 1));
  t.true(await poll(() => open.size === 0, 10_000), `${open.size} connections`);
  t.true(await poll(() => openFiles() <= before, 10_000), `${openFiles()} files are open, ${before} before`);
  t.true(await isWell(webserver));
});

test.serial('inv 10, 12: raw sockets in every state leave no connection or file and little memory', async (t) => {
  const webserver = await startWebserver(t, {}, { headersTimeoutMs: 500 });
  webserver.manager.podAddress = { host: '127.0.0.1', port: (await startClosed(t)).port };
  const { body } = await createVisitor(webserver.url).send('POST', paths.terminals, { body: {} });
  const relay = (ticket: string) =>
    upgrade(
      `${paths.relay}?EIO=4&transport=websocket`,
      'websocket',
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Protocol: warmterm, ${ticket}\r\n`,
    );
  const asset = get(await largestAsset(webserver));
  await fuzzRawSockets(t, {
    port: webserver.port,
    paths: ['/', paths.terminals, '/healthz'],
    requests: [get('/'), asset, upgrade(), post, relay(String(body.ticket)), relay('a.b.c')],
    isWell: () => isWell(webserver),
  });
});

test.serial('inv 12: 400 connections of one address block no others and close no relayed terminal', async (t) => {
  const webserver = await startWebserver(t, { WARMTERM_CONNECTION_LIMIT: '100' });
  const pod = await startPod(t);
  webserver.manager.podAddress = { host: pod.host, port: pod.port };
  const open = watchConnections(t, webserver.port);
  const claim = () => createVisitor(webserver.url).send('POST', paths.terminals, { body: {} });
  const { body } = await claim();
  const arrives = pod.next();
  const headers = { 'sec-websocket-protocol': `warmterm, ${body.ticket}` };
  const relayed = await knock(t, webserver.url, { headers });
  const terminal = await arrives;
  const flood = await keepSilent(t, webserver.port, {
    count: 400,
    from: ['127.0.0.2'],
    say: [...Object.values(words), get(await largestAsset(webserver)), post.slice(0, -1)],
  });
  for (let round = 0; round < 10; round++) {
    t.is((await claim()).status, 201);
    t.true(await isWell(webserver));
    t.true(open.size <= 110, `${open.size} connections`);
  }
  await flood.stop();
  terminal.write('still there');
  t.true('socket' in relayed);
  const [said] = await once((relayed as { socket: Socket }).socket, 'data');
  t.is(String(said), 'still there');
});
