import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { clientGoneSignal } from '../../common/http/client-gone.ts';

async function ask(t: ExecutionContext) {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  const [, response] = (await once(server, 'request')) as [unknown, ServerResponse];
  t.teardown(() => {
    socket.destroy();
    server.close();
  });
  return { socket, response, signal: clientGoneSignal(response) };
}

test('client-gone: aborts when the client disconnects before the answer is complete', async (t) => {
  const { socket, response, signal } = await ask(t);
  response.write('half');
  socket.destroy();
  await once(signal, 'abort');
  t.true(signal.aborted);
});

test('client-gone: does not abort after a complete answer', async (t) => {
  const { response, signal } = await ask(t);
  response.end('whole');
  await once(response, 'close');
  t.false(signal.aborted);
});
