import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import test, { type ExecutionContext } from 'ava';
import { join } from '../../../webserver/relay/join.ts';

/** A TCP connection with both ends. */
async function connection(t: ExecutionContext): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  const [far] = (await once(server, 'connection')) as [Socket];
  server.close();
  t.teardown(() => {
    near.destroy();
    far.destroy();
  });
  return [near, far];
}

/** Two clients joined by two sockets. */
async function joined(t: ExecutionContext) {
  const [browser, one] = await connection(t);
  const [other, pod] = await connection(t);
  join(one, other);
  return { browser, one, other, pod };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

for (const [title, direction] of [
  ['output', ({ browser, one, other, pod }: Ends) => ({ from: pod, into: other, outOf: one, to: browser })],
  ['input', ({ browser, one, other, pod }: Ends) => ({ from: browser, into: one, outOf: other, to: pod })],
] as const) {
  test(`join: ${title} without a reader stays at its source; all of it arrives`, async (t) => {
    const { from, into, outOf, to } = direction(await joined(t));
    const size = 64 * 1024 * 1024;
    const source = Readable.from(pieces(size)).pipe(from, { end: false });
    // The reader has stopped: the relay stops reading too, with at most one buffer held.
    while (!into.isPaused()) await turn();
    t.true(outOf.writableLength + into.readableLength < 512 * 1024);
    t.true(into.bytesRead < size);
    const digest = createHash('sha256');
    let read = 0;
    to.on('data', (chunk: Buffer) => {
      digest.update(chunk);
      read += chunk.length;
      t.true(outOf.writableLength < 512 * 1024);
    });
    to.resume();
    while (read < size) await turn();
    const expected = createHash('sha256');
    for (const piece of pieces(size)) expected.update(piece);
    t.is(digest.digest('hex'), expected.digest('hex'));
    source.destroy();
  });
}

type Ends = Awaited<ReturnType<typeof joined>>;

function* pieces(size: number) {
  for (let at = 0; at < size; at += 65_536) yield Buffer.alloc(65_536, at / 65_536);
}

test('inv 12: join: closes both sides after a time without traffic', async (t) => {
  const { browser, one, other, pod } = await joined(t);
  t.is(one.timeout, 30_000);
  t.is(other.timeout, 30_000);
  const closed = [browser.resume(), pod.resume()].map((socket) => once(socket, 'close'));
  pod.once('end', () => pod.end());
  // Node emits this after a time without traffic.
  one.emit('timeout');
  await Promise.all(closed);
  t.true(other.destroyed);
});

test('join: closes the other side if one is already closed', async (t) => {
  const [[, one], [other, pod]] = [await connection(t), await connection(t)];
  one.destroy();
  await once(one, 'close');
  const closed = once(pod.resume(), 'end');
  join(one, other);
  await closed;
  t.true(other.destroyed);
});
