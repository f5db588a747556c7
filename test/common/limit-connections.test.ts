import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { limitConnections, releaseConnection } from '../../common/http/limit-connections.ts';

/** A server that answers requests when it is told to. */
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

test('one more than the limit closes the oldest; one that was released is not counted, and stays', async (t) => {
  const { open } = await start(t, { limit: 2 });
  const [released, oldest] = [await open(), await open()];
  releaseConnection(released);
  const next = await open();
  const newest = await open();
  await closed(oldest);
  t.deepEqual([released.destroyed, next.destroyed, newest.destroyed], [false, false, false]);
});

test('a request that the server works on stays longer than silence, and longer than half a body', async (t) => {
  const { open } = await start(t, { limit: 2 });
  const working = await open(request);
  const body = await open('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nha');
  await open();
  await closed(body);
  t.false(working.destroyed);
});

test('an answer that is sent leaves its connection idle', async (t) => {
  const { open, answers } = await start(t, { limit: 2 });
  const [answered, working] = [await open(request), await open(request)];
  answers[0]!();
  await open();
  await closed(answered);
  t.false(working.destroyed);
});

test('a connection that is not released in time is closed, whatever it sends', async (t) => {
  const { open } = await start(t, { limit: 10, deadlineMs: 200 });
  const [released, other] = [await open(request), await open(request)];
  releaseConnection(released);
  await closed(other);
  t.false(released.destroyed);
});

test('a pause of the process does not use up the time of a client that has sent its request', async (t) => {
  const { open } = await start(t, { limit: 10, deadlineMs: 200 });
  const waiting = await open();
  const other = await open();
  const until = performance.now() + 300;
  // The process has no processor.
  while (performance.now() < until) {}
  // The next turn of the loop runs the timers, and reads what has arrived after that.
  for (const _ of ['this turn', 'the next']) await new Promise(setImmediate);
  t.deepEqual([waiting.destroyed, other.destroyed], [false, false]);
  await Promise.all([closed(waiting), closed(other)]);
});
