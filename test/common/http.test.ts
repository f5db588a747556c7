// The shared HTTP client and server, against each other.

import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, type RequestListener, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';
import express from 'express';
import { pino } from 'pino';
import { z } from 'zod';
import { ServiceError } from '../../common/errors.ts';
import { requestJson } from '../../common/http/client.ts';
import { type Listening, notFound, problemHandler, serve } from '../../common/http/server.ts';

const silent = pino({ level: 'silent' });

async function listen(t: ExecutionContext, handler: RequestListener): Promise<string> {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const get = (url: string, deadlineMs = 5_000) =>
  requestJson({ method: 'GET', url, deadlineMs, answer: z.object({ ok: z.boolean() }) });

test('http: the client rethrows the error that a route threw', async (t) => {
  const app = express();
  app.get('/full', () => {
    throw new ServiceError('too-many-requests', 'All are in use.', { retryAfter: 3 });
  });
  app.get('/broken', () => {
    throw new Error('secret details');
  });
  app.get('/things/:name', () => {});
  app.get('/refused', () => {
    throw Object.assign(new Error('secret details'), { status: 409 });
  });
  app.use(notFound, problemHandler(silent));
  const url = await listen(t, app);
  t.like(await t.throwsAsync(get(`${url}/full`)), {
    code: 'too-many-requests',
    message: 'All are in use.',
    retryAfter: 3,
  });
  const broken = await t.throwsAsync(get(`${url}/broken`), { code: 'internal' });
  t.notRegex(broken?.message ?? '', /secret/);
  const refused = await t.throwsAsync(get(`${url}/refused`), { code: 'internal' }, 'what another server has answered');
  t.notRegex(refused?.message ?? '', /secret/);
  t.like(await t.throwsAsync(get(`${url}/nowhere`)), { code: 'not-found' });
  t.like(await t.throwsAsync(get(`${url}/things/%E0%A4%A`)), { code: 'invalid-request' });
});

test('inv 12: http: no answer is timeout, no connection is unavailable', async (t) => {
  const url = await listen(t, () => {});
  await t.throwsAsync(get(url, 50), { code: 'timeout' });
  await t.throwsAsync(get('http://127.0.0.1:1/'), { code: 'unavailable' });
});

test('http: an answer that is no problem document of ours is unavailable', async (t) => {
  for (const body of ['<html>', '{"ok":"yes"}', '']) {
    const url = await listen(t, (_request, response) => response.end(body));
    await t.throwsAsync(get(url), { code: 'unavailable' });
  }
  const url = await listen(t, (_request, response) => response.writeHead(502).end('{"code":"made-up"}'));
  await t.throwsAsync(get(url), { code: 'unavailable', message: /502/ });
});

test('http server: answers requests in progress when stopped, then closes', async (t) => {
  const abort = new AbortController();
  let answer = () => {};
  let port = 0;
  const served = serve(
    (_request, response) => {
      answer = () => response.end('{"ok":true}');
      abort.abort();
    },
    { host: '127.0.0.1', port: 0, onListening: (at) => (port = at.port) },
    abort.signal,
  );
  while (port === 0) await new Promise((resolve) => setImmediate(resolve));
  const result = get(`http://127.0.0.1:${port}/`);
  await once(abort.signal, 'abort');
  answer();
  t.deepEqual(await result, { ok: true });
  await served;
  await t.throwsAsync(get(`http://127.0.0.1:${port}/`), { code: 'unavailable' });
});

test('http server: after stop, a kept connection gets one more answer, then closes', async (t) => {
  const abort = new AbortController();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => agent.destroy());
  let port = 0;
  let requests = 0;
  const served = serve(
    (_request, response) => {
      // Stop during the first request, after its headers have promised to keep the connection.
      if (++requests === 1) response.flushHeaders();
      if (requests === 1) abort.abort();
      response.end('{"ok":true}');
    },
    { host: '127.0.0.1', port: 0, onListening: (at) => (port = at.port) },
    abort.signal,
  );
  while (port === 0) await new Promise((resolve) => setImmediate(resolve));
  const ask = () => requestJson({ method: 'GET', url: `http://127.0.0.1:${port}/`, deadlineMs: 5_000, agent });
  await ask();
  await ask();
  await t.throwsAsync(ask(), { code: 'unavailable' });
  t.is(requests, 2);
  await served;
});

test('http server: while leaving, answers new requests, closes after each answer and cuts off no connection', async (t) => {
  const [abort, leaving] = [new AbortController(), new AbortController()];
  const agents = ['idle', 'busy', 'waiting'].map(() => new Agent({ keepAlive: true, maxSockets: 1 }));
  t.teardown(() => {
    for (const agent of agents) agent.destroy();
  });
  let port = 0;
  const options = {
    host: '127.0.0.1',
    port: 0,
    leaving: leaving.signal,
    onListening: (at: Listening) => (port = at.port),
  };
  let answerHeld: (() => void) | undefined;
  const handler: RequestListener = ({ url }, response) => {
    if (url === '/held') answerHeld = () => response.end();
    else response.end();
  };
  const served = serve(handler, options, abort.signal);
  while (port === 0) await new Promise((resolve) => setImmediate(resolve));
  /** Whether the connection is kept, and whether it was reused. */
  const ask = async (agent: Agent, path = '/') => {
    const asked = request({ port, agent, path }).end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    await once(response.resume(), 'close');
    return { kept: response.headers.connection !== 'close', again: asked.reusedSocket };
  };
  const [idle, busy, waiting] = agents as [Agent, Agent, Agent];
  for (const agent of agents) t.deepEqual(await ask(agent), { kept: true, again: false });
  const held = ask(waiting, '/held');
  while (!answerHeld) await new Promise((resolve) => setImmediate(resolve));
  leaving.abort();
  t.deepEqual(await ask(busy), { kept: false, again: true });
  t.deepEqual(await ask(busy), { kept: false, again: false }, 'whoever comes anew is served');
  t.deepEqual(await ask(idle), { kept: false, again: true }, 'whoever said nothing meanwhile was not cut off');
  abort.abort();
  answerHeld();
  t.deepEqual(await held, { kept: false, again: true }, 'whoever began to wait before is told as well');
  await served;
  await t.throwsAsync(ask(busy), { code: 'ECONNREFUSED' });
});

test('inv 10: http server: a port in use is reported by its setting', async (t) => {
  const url = await listen(t, () => {});
  const { port } = new URL(url);
  const error = await t.throwsAsync(
    serve(() => {}, { host: '127.0.0.1', port: Number(port) }, new AbortController().signal),
  );
  t.like(error, { code: 'invalid-config', message: `PORT=${port}: another process already listens on this port` });
});

/** Serves a handler that counts its requests, until the test ends. */
async function serveCounting(t: ExecutionContext): Promise<{ port: number; asked: () => number }> {
  const stop = new AbortController();
  let asked = 0;
  let onListening: (at: Listening) => void = () => {};
  const listening = new Promise<Listening>((resolve) => {
    onListening = resolve;
  });
  const served = serve(
    (_request, response) => {
      asked++;
      response.end();
    },
    { host: '127.0.0.1', port: 0, onListening },
    stop.signal,
  );
  t.teardown(async () => {
    stop.abort();
    await served;
  });
  return { port: (await listening).port, asked: () => asked };
}

test('inv 10: http server: refuses too many headers before the body arrives', async (t) => {
  const { port, asked } = await serveCounting(t);
  for (const count of [200, 3_000]) {
    const socket = connect(port, '127.0.0.1');
    const headers = `${'a:\r\n'.repeat(count)}x-forwarded-for: 192.0.2.1\r\ncontent-length: 9`;
    socket.end(`POST / HTTP/1.1\r\nhost: here\r\n${headers}\r\n\r\nhalf`);
    t.regex(await text(socket), /^HTTP\/1\.1 431 /, `${count}`);
  }
  t.is(asked(), 0);
});

test('inv 10: http server: refuses a malformed URL with 400', async (t) => {
  const { port, asked } = await serveCounting(t);
  for (const url of ['http://[', 'http://a:b/', '//']) {
    const socket = connect(port, '127.0.0.1');
    socket.end(`GET ${url} HTTP/1.1\r\nhost: here\r\n\r\n`);
    t.regex(await text(socket), /^HTTP\/1\.1 400 /, url);
  }
  t.is(asked(), 0);
});
