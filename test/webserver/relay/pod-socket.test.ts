import { once } from 'node:events';
import test from 'ava';
import { isAbort } from '../../../common/errors.ts';
import { openPodSocket } from '../../../webserver/relay/pod-socket.ts';
import { startMute } from '../../helpers/webserver-relay.ts';

const handshake = { key: 'key', version: '13', ticket: 'a.b.c' };

test('inv 12: pod-socket: a silent pod is timeout, and its connection is closed', async (t) => {
  const pod = await startMute(t);
  const connected = once(pod.server, 'connection');
  const { signal } = new AbortController();
  const opening = openPodSocket(pod, handshake, { deadlineMs: 20, signal });
  await t.throwsAsync(opening, { code: 'timeout' });
  const [socket] = await connected;
  if (!socket.closed) await once(socket, 'close');
});

test('pod-socket: closes the connection when the client has disconnected', async (t) => {
  const pod = await startMute(t);
  const connected = once(pod.server, 'connection');
  const controller = new AbortController();
  const opening = openPodSocket(pod, handshake, { deadlineMs: 60_000, signal: controller.signal });
  const [socket] = await connected;
  controller.abort();
  t.true(await opening.catch(isAbort));
  if (!socket.closed) await once(socket, 'close');
  const { signal } = controller;
  t.true(await openPodSocket(pod, handshake, { deadlineMs: 60_000, signal }).catch(isAbort));
});

test('pod-socket: an interim answer of the pod closes the connection', async (t) => {
  const pod = await startMute(t);
  const connected = once(pod.server, 'connection');
  const { signal } = new AbortController();
  const opening = openPodSocket(pod, handshake, { deadlineMs: 5_000, signal });
  const [socket] = await connected;
  socket.write('HTTP/1.1 102 Processing\r\n\r\n'.repeat(100));
  await t.throwsAsync(opening, { code: 'unavailable' });
  if (!socket.closed) await once(socket, 'close');
});
