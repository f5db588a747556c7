// Connections to the API server: how many, and the deadlines of requests.

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { writeKubeconfig } from '../../../local/kubernetes/kubeconfig.ts';
import { createTransport } from '../../../manager/kubernetes/transport.ts';

async function start(t: ExecutionContext, deadlineMs = 20_000) {
  let connections = 0;
  const waiting: ServerResponse[] = [];
  const server = createServer((request, response) => {
    if (request.url?.endsWith('/watch')) response.writeHead(200).flushHeaders();
    else waiting.push(response);
  });
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const directory = mkdtempSync(join(tmpdir(), 'transport-'));
  process.env.KUBECONFIG = join(directory, 'kubeconfig');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await writeKubeconfig(process.env.KUBECONFIG, { url, token: 'x', namespace: 'ns' });
  const transport = createTransport({ deadlineMs });
  t.teardown(() => {
    transport.close();
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true });
  });
  /** Answers all current and later requests, one after the other, until `count` are answered. */
  const answer = async (count: number) => {
    for (let answered = 0; answered < count; ) {
      const response = waiting.shift();
      if (response) {
        response.end('{}');
        answered++;
      } else await new Promise(setImmediate);
    }
  };
  return { transport, answer, arrived: () => waiting.length, connections: () => connections };
}

test.serial('transport: many requests share 32 connections, and each is answered', async (t) => {
  const { transport, answer, connections } = await start(t);
  const crowd = Array.from({ length: 300 }, () => transport.request({ method: 'GET', path: '/' }));
  await answer(300);
  t.is((await Promise.all(crowd)).length, 300);
  t.is(connections(), 32);
});

test.serial('transport: requests, leases and token reviews have separate connections', async (t) => {
  const { transport, answer, arrived, connections } = await start(t);
  const ask = (lane?: 'leases' | 'reviews') =>
    transport.request({ method: 'GET', path: '/', ...(lane && { lane }), deadlineMs: 60_000 });
  const crowd = Array.from({ length: 100 }, () => [ask('reviews'), ask()]).flat();
  while (arrived() < 40) await new Promise(setImmediate);
  const lease = ask('leases');
  while (arrived() < 41) await new Promise(setImmediate);
  t.is(connections(), 32 + 8 + 1);
  await answer(201);
  await lease;
  t.is((await Promise.all(crowd)).length, 200);
});

test.serial('inv 12: transport: a request that waits for a connection ends at its deadline', async (t) => {
  const { transport, arrived, answer } = await start(t);
  const held = Array.from({ length: 32 }, () => transport.request({ method: 'GET', path: '/' }));
  while (arrived() < 32) await new Promise(setImmediate);
  const waiting = transport.request({ method: 'GET', path: '/', deadlineMs: 50 });
  // No connection becomes free before the request has ended.
  t.like(await t.throwsAsync(waiting), { code: 'timeout' });
  await answer(32);
  await Promise.all(held);
  const next = transport.request({ method: 'GET', path: '/' });
  await answer(1);
  t.deepEqual(await next, {});
});

test.serial('inv 12: transport: an answer that does not end times out at the deadline', async (t) => {
  t.timeout(20_000);
  const { transport } = await start(t);
  const request = transport.request({ method: 'GET', path: '/watch', deadlineMs: 50 });
  t.like(await t.throwsAsync(request), { code: 'timeout' });
});

test.serial('inv 12: transport: a watch has to begin by the deadline, and may last longer', async (t) => {
  t.timeout(20_000);
  const { transport } = await start(t, 500);
  const { signal } = new AbortController();
  const begun = await transport.stream('/watch', signal);
  t.like(await t.throwsAsync(transport.stream('/', signal)), { code: 'timeout' });
  t.false(begun.destroyed);
  begun.destroy();
});

test.serial('transport: watches use no connection of requests', async (t) => {
  const { transport, answer, arrived } = await start(t);
  const watches = Array.from({ length: 40 }, () => transport.stream('/watch', new AbortController().signal));
  const streams = await Promise.all(watches);
  const request = transport.request({ method: 'GET', path: '/' });
  await answer(1);
  t.deepEqual(await request, {});
  t.is(arrived(), 0);
  for (const stream of streams) stream.destroy();
});
