import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { limitConnections, releaseConnection } from '../../common/http/limit-connections.ts';

/** A server that answers requests on command. */
async function start(t: ExecutionContext, options: { limit: number; deadlineMs?: number }) {
  const answers: (() => void)[] = [];
  const accepted: Socket[] = [];
  const server = createServer((request, response) => {
    limit.work(request, response);
    answers.push(() => response.end('answer'));
    server.emit('asked');
  });
  server.on('connection', (socket: Socket) => accepted.push(socket));
  const limit = limitConnections(server, options);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const open = async (say = '') => {
    const arrives = once(server, 'connection');
    const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
    t.teardown(() => socket.destroy());
    socket.on('error', () => {});
    await arrives;
    if (say) {
      const asked = once(server, 'asked');
      socket.write(say);
      await asked;
    }
    return accepted.at(-1)!;
  };
  return { open, answers };
}

const request = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const closed = (socket: Socket) => (socket.closed ? Promise.resolve() : once(socket, 'close'));

test('limit-connections: beyond the limit closes the oldest; does not count released ones', async (t) => {
  const { open } = await start(t, { limit: 2 });
  const [released, oldest] = [await open(), await open()];
  releaseConnection(released);
  const next = await open();
  const newest = await open();
  await closed(oldest);
  t.deepEqual([released.destroyed, next.destroyed, newest.destroyed], [false, false, false]);
});

test('limit-connections: evicts idle connections and incomplete requests before a busy one', async (t) => {
  const { open } = await start(t, { limit: 2 });
  const working = await open(request);
  const body = await open('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nha');
  await open();
  await closed(body);
  t.false(working.destroyed);
});

test('limit-connections: a connection is idle once its answer is sent', async (t) => {
  const { open, answers } = await start(t, { limit: 2 });
  const [answered, working] = [await open(request), await open(request)];
  answers[0]!();
  await open();
  await closed(answered);
  t.false(working.destroyed);
});

test('limit-connections: closes a connection that is not released in time', async (t) => {
  const { open } = await start(t, { limit: 10, deadlineMs: 200 });
  const [released, other] = [await open(request), await open(request)];
  releaseConnection(released);
  await closed(other);
  t.false(released.destroyed);
});

test('limit-connections: a pause of the process does not use up a client’s deadline', async (t) => {
  const { open } = await start(t, { limit: 10, deadlineMs: 200 });
  const waiting = await open();
  const other = await open();
  const until = performance.now() + 300;
  // Block the process.
  while (performance.now() < until) {}
  // The next turn of the loop runs the timers, and then reads the data that arrived.
  for (const _ of ['this turn', 'the next']) await new Promise(setImmediate);
  t.deepEqual([waiting.destroyed, other.destroyed], [false, false]);
  await Promise.all([closed(waiting), closed(other)]);
});
