import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { knock } from '../../../manager/health/probe.ts';

async function listen(t: ExecutionContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => void server.close());
  return (server.address() as AddressInfo).port;
}
const answering = (answer: RequestListener): Server => createServer(answer);
const ask = (port: number, deadlineMs = 60_000) => knock({ host: '127.0.0.1', port }, deadlineMs);

test('a server that answers is well', async (t) => {
  t.is(
    await ask(
      await listen(
        t,
        answering((_, response) => response.end('ok\n')),
      ),
    ),
    'well',
  );
  t.is(
    await ask(
      await listen(
        t,
        answering((_, response) => response.writeHead(404).end()),
      ),
    ),
    'well',
  );
});

test('one that says it is not well, that hangs up or that says nothing is wedged', async (t) => {
  t.is(
    await ask(
      await listen(
        t,
        answering((_, response) => response.writeHead(503).end()),
      ),
    ),
    'wedged',
  );
  t.is(
    await ask(
      await listen(
        t,
        createTcpServer((socket) => socket.destroy()),
      ),
    ),
    'wedged',
  );
  const held = createTcpServer((socket) => void t.teardown(() => socket.destroy()));
  t.is(await ask(await listen(t, held), 500), 'wedged');
});

test('a machine on which nobody listens says so', async (t) => {
  const server = createTcpServer();
  const port = await listen(t, server);
  server.close();
  await once(server, 'close');
  t.is(await ask(port), 'wedged');
});

test('what cannot even be tried is not known', async (t) => {
  // A broadcast address takes no connection, and nothing is sent.
  t.is(await knock({ host: '255.255.255.255', port: 9 }, 60_000), 'unreachable');
});
