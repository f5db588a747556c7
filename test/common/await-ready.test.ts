// The postStart hook of the images, with servers in each state.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';

const script = fileURLToPath(new URL('../../common/await-ready.sh', import.meta.url));

/** Runs the hook; resolves with its exit code. */
function run(t: ExecutionContext, port: number, seconds: number, host?: string) {
  const env = { PATH: process.env.PATH, ...(host && { HOST: host }) };
  const child = spawn('bash', [script, String(port), String(seconds)], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  t.teardown(() => child.kill('SIGKILL'));
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk));
  return once(child, 'close').then(([code]) => ({ code, said }));
}

async function listen(t: ExecutionContext, server: Server | HttpServer, host = '127.0.0.1'): Promise<number> {
  server.listen(0, host);
  await once(server, 'listening');
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

for (const host of ['127.0.0.1', '::1']) {
  test(`await-ready: polls ${host} until the server is ready`, async (t) => {
    let asked = 0;
    const server = createServer((request, response) => {
      t.is(request.url, '/readyz');
      response.writeHead(++asked < 3 ? 503 : 200).end();
    });
    const port = await listen(t, server, host);
    // Longer than a test may take.
    t.deepEqual(await run(t, port, 600, host), { code: 0, said: '' });
    t.is(asked, 3);
  });
}

test('await-ready: waits for a server that does not listen yet', async (t) => {
  const placeholder = createTcpServer();
  const port = await listen(t, placeholder);
  placeholder.close();
  await once(placeholder, 'close');
  const ended = run(t, port, 600);
  let asked = 0;
  const server = createServer((_request, response) => {
    asked++;
    response.end();
  });
  server.listen(port, '127.0.0.1');
  t.teardown(() => server.close());
  t.deepEqual(await ended, { code: 0, said: '' });
  t.is(asked, 1);
});

test('await-ready: gives up after its timeout with exit code 0', async (t) => {
  const never = await listen(
    t,
    createServer((_request, response) => response.writeHead(503).end()),
  );
  const silent = await listen(
    t,
    createTcpServer((socket) => socket.on('error', () => {})),
  );
  for (const port of [never, silent]) t.deepEqual(await run(t, port, 1), { code: 0, said: '' });
});
