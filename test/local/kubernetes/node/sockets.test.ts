// Connections to Unix sockets in folders of a pod.

import { once } from 'node:events';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { connectToSocketFile } from '../../../../local/kubernetes/node/sockets.ts';

async function openFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sockets-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function listen(t: ExecutionContext, path: string): Promise<Server> {
  const server = createServer((socket) => socket.end('hello')).listen(path);
  t.teardown(() => server.close());
  await once(server, 'listening');
  return server;
}

test('sockets: connects to a socket in the folder', async (t) => {
  const path = join(await openFolder(t), '3000');
  await listen(t, path);
  const socket = connectToSocketFile(path);
  t.teardown(() => socket.destroy());
  const [data] = await once(socket, 'data');
  t.is(String(data), 'hello');
});

test('sockets: follows no link that a pod puts in its folder', async (t) => {
  const [outside, inside] = [await openFolder(t), await openFolder(t)];
  const server = await listen(t, join(outside, 'docker.sock'));
  server.on('connection', () => t.fail('the link was followed'));
  await symlink(join(outside, 'docker.sock'), join(inside, '3000'));
  const [error] = await once(connectToSocketFile(join(inside, '3000')), 'error');
  t.is(error.code, 'ECONNREFUSED');
});

test('sockets: refuses a file that is no socket, or is missing', async (t) => {
  const folder = await openFolder(t);
  await writeFile(join(folder, '3000'), '');
  for (const name of ['3000', '3001']) {
    const socket = connectToSocketFile(join(folder, name));
    const closed = once(socket, 'close').catch(() => []);
    const [error] = await once(socket, 'error');
    t.is(error.code, 'ECONNREFUSED');
    await closed;
  }
});
