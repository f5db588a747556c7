import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { probe } from '../../../manager/health/probe.ts';

async function listen(t: ExecutionContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => void server.close());
  return (server.address() as AddressInfo).port;
}
const answering = (answer: RequestListener): Server => createServer(answer);
const ask = (port: number, deadlineMs = 60_000) => probe({ host: '127.0.0.1', port }, deadlineMs);

test('probe: a server that answers is healthy', async (t) => {
  t.is(
    await ask(
      await listen(
        t,
        answering((_, response) => response.end('ok\n')),
      ),
    ),
    'healthy',
  );
  t.is(
    await ask(
      await listen(
        t,
        answering((_, response) => response.writeHead(404).end()),
      ),
    ),
    'healthy',
  );
});

test('probe: a server that reports 5xx, closes or does not answer is unresponsive', async (t) => {
  t.is(
    await ask(
      await listen(
        t,
        answering((_, response) => response.writeHead(503).end()),
      ),
    ),
    'unresponsive',
  );
  t.is(
    await ask(
      await listen(
        t,
        createTcpServer((socket) => socket.destroy()),
      ),
    ),
    'unresponsive',
  );
  const held = createTcpServer((socket) => void t.teardown(() => socket.destroy()));
  t.is(await ask(await listen(t, held), 500), 'unresponsive');
});

test('probe: a refused connection is unresponsive', async (t) => {
  const server = createTcpServer();
  const port = await listen(t, server);
  server.close();
  await once(server, 'close');
  t.is(await ask(port), 'unresponsive');
});

test('probe: an address without a route is unreachable', async (t) => {
  // A broadcast address accepts no connection, and no packet is sent.
  t.is(await probe({ host: '255.255.255.255', port: 9 }, 60_000), 'unreachable');
});
