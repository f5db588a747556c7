// What a terminal's shell can send to the manager's port: too many connections, and bytes that are not HTTP.

import { Agent, request } from 'node:http';
import test, { type ExecutionContext } from 'ava';
import { type Listening, serve } from '../../../common/http/server.ts';
import { paths } from '../../../common/manager-api.ts';
import { watchConnections } from '../../helpers/garbage.ts';
import { createManagerApp } from '../../helpers/manager-app.ts';
import { fuzzRawSockets, get, upgrade } from '../../helpers/raw-sockets.ts';
import { keepSilent } from '../../helpers/silent-connections.ts';

const connectionLimit = 100;

async function start(t: ExecutionContext) {
  const { app, manager, webToken: token } = await createManagerApp();
  const stopping = new AbortController();
  let onListening: (at: Listening) => void = () => {};
  const listening = new Promise<Listening>((resolve) => {
    onListening = resolve;
  });
  const options = { host: '127.0.0.1', port: 0, drainMs: 200, headersTimeoutMs: 500, connectionLimit, onListening };
  const ended = serve(app, options, stopping.signal);
  const { port } = await listening;
  t.teardown(async () => {
    stopping.abort();
    await ended;
    await manager.stop();
  });
  return { port, token };
}

/** Requests the pools as a webserver does, over the connections of `agent`. */
function askPools({ port, token }: { port: number; token: string }, agent?: Agent): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    request({ port, host: '127.0.0.1', path: paths.pools, headers, agent: agent ?? false }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0));
    })
      .once('error', reject)
      .end();
  });
}

test.serial('inv 12: raw sockets: 400 connections of a terminal do not block a webserver', async (t) => {
  const manager = await start(t);
  const open = watchConnections(t, manager.port);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => agent.destroy());
  t.is(await askPools(manager, agent), 200);
  const flood = await keepSilent(t, manager.port, { count: 400, from: ['127.0.0.2'] });
  for (let round = 0; round < 10; round++) {
    t.is(await askPools(manager, agent), 200);
    t.is(await askPools(manager), 200);
    t.true(open.size <= connectionLimit + 10, `${open.size} connections`);
  }
  await flood.stop();
});

test.serial('inv 10, 12: raw sockets: leak no file descriptor and little memory', async (t) => {
  const manager = await start(t);
  const more = `Authorization: Bearer ${manager.token}\r\n`;
  const body = '{"visitor":"x"}';
  await fuzzRawSockets(t, {
    port: manager.port,
    paths: Object.values(paths).map((path) => path.replace(/\{\w+\}/, '{}')),
    known: [more.trim()],
    requests: [
      get('/healthz'),
      get(paths.jwks),
      get('/openapi.json'),
      get(paths.pools, more),
      get(paths.pools, 'Authorization: Bearer x.y.z\r\n'),
      upgrade(paths.pools, 'websocket', more),
      `POST ${paths.terminals} HTTP/1.1\r\nHost: x\r\n${more}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      `POST ${paths.report} HTTP/1.1\r\nHost: x\r\n${more}Content-Length: 100000\r\n\r\n`,
    ],
    isWell: async () => (await askPools(manager)) === 200,
  });
});
