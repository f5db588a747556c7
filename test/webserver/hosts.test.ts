// DNS rebinding: a page of another site whose name resolves to this server's address.

import { request } from 'node:http';
import test, { type ExecutionContext } from 'ava';
import { paths, visitorHeader } from '../../common/terminals-api.ts';
import { proposedId } from '../helpers/proposed-id.ts';
import { startWebserver } from '../helpers/webserver-app.ts';

/** Sends a request to the server at `port` as a page at `host` would. */
function send(port: number, host: string, method: string, path: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const origin = `http://${host}`;
    const json = method === 'POST' ? { 'content-type': 'application/json', [visitorHeader]: proposedId() } : {};
    request(
      { host: '127.0.0.1', port, method, path, headers: { host, origin, ...json, ...headers }, agent: false },
      (response) => {
        let text = '';
        response.on('data', (piece) => {
          text += piece;
        });
        response.once('end', () => resolve({ status: response.statusCode, text }));
      },
    )
      .once('upgrade', (response, socket) => {
        socket.destroy();
        resolve({ status: response.statusCode, text: '' });
      })
      .once('error', reject)
      .end(method === 'POST' ? '{}' : undefined);
  });
}

const upgrade = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

async function everywhere(t: ExecutionContext, port: number, host: string): Promise<(number | undefined)[]> {
  const answers = [
    await send(port, host, 'GET', '/'),
    await send(port, host, 'GET', '/host'),
    await send(port, host, 'POST', paths.terminals),
    await send(port, host, 'GET', `${paths.relay}?EIO=4&transport=websocket`, upgrade),
    await send(port, host, 'GET', '/nowhere'),
  ];
  for (const { status, text } of answers) {
    if (status !== 421) continue;
    t.like(JSON.parse(text), { code: 'unknown-host', retryable: false });
    t.regex(
      JSON.parse(text).detail,
      /does not serve the host name ".+"\. WARMTERM_HOSTS lists the names that it serves\./,
    );
  }
  return answers.map(({ status }) => status);
}

test('host-names: on loopback, refuses other names on all paths but health', async (t) => {
  const { port, manager } = await startWebserver(t, { HOST: '127.0.0.1' });
  t.deepEqual(await everywhere(t, port, `evil.example:${port}`), [421, 421, 421, 421, 421]);
  t.is(manager.requests.length, 0);
  for (const path of ['/healthz', '/readyz']) t.is((await send(port, 'evil.example', 'GET', path)).status, 200);
});

test('host-names: on loopback, serves loopback names', async (t) => {
  const { port } = await startWebserver(t, { HOST: '127.0.0.1' });
  for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, `a.localhost:${port}`]) {
    t.is((await send(port, host, 'POST', paths.terminals)).status, 201, host);
  }
});

test('host-names: WARMTERM_HOSTS limits the names, also with forwarding headers', async (t) => {
  const { port } = await startWebserver(t, {
    WARMTERM_HOSTS: 'shell.example.org, *.lab.example',
    WARMTERM_TRUST_PROXY: '1',
  });
  t.is((await send(port, 'shell.example.org', 'POST', paths.terminals)).status, 201);
  t.is((await send(port, 'a.lab.example:8080', 'GET', '/')).status, 200);
  t.deepEqual(await everywhere(t, port, 'evil.example'), [421, 421, 421, 421, 421]);
  const forwarded = { 'x-forwarded-host': 'shell.example.org' };
  t.is((await send(port, 'evil.example', 'POST', paths.terminals, forwarded)).status, 421);
});

test('host-names: without WARMTERM_HOSTS, serves any name on all addresses', async (t) => {
  const { port } = await startWebserver(t);
  t.is((await send(port, 'anything.example', 'POST', paths.terminals)).status, 201);
});
