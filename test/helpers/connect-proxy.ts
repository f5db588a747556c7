// An HTTP CONNECT proxy, as many offices have. It records each requested target, and a test can close its connections, refuse
// new ones or stop its traffic. It listens on its own port of the loopback address.

import { createServer as createPlainServer, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Teardown } from './webserver-listen.ts';

export type ConnectProxyOptions = {
  /** The ports that it allows; it answers 403 for others. */
  leadsTo?: (port: number) => boolean;
  /** Addresses of host names that are not in the DNS. */
  resolve?: (host: string, port: number) => { host: string; port: number };
  /** With a certificate, the proxy itself uses TLS. */
  tls?: { key: string; cert: string };
};

export type ConnectProxy = Awaited<ReturnType<typeof startConnectProxy>>;

export async function startConnectProxy(
  t: Teardown,
  { leadsTo = () => true, resolve = (host, port) => ({ host, port }), tls }: ConnectProxyOptions = {},
) {
  const tunnels = new Set<[Duplex, Socket]>();
  const asked: string[] = [];
  const plain: string[] = [];
  let state: 'open' | 'closed' | 'silent' = 'open';
  const refuse = (request: IncomingMessage, response: { writeHead: (status: number) => { end: () => void } }) => {
    plain.push(`${request.method} ${request.url}`);
    response.writeHead(405).end();
  };
  const server = tls ? createTlsServer(tls, refuse) : createPlainServer(refuse);
  // Connections of clients, including those without a request so far.
  const clients = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    clients.add(socket);
    socket.on('error', () => {}).once('close', () => clients.delete(socket));
    if (state === 'closed') socket.resetAndDestroy();
    if (state === 'silent') socket.pause();
  });
  server.on('connect', (request: IncomingMessage, client: Duplex, head: Buffer) => {
    asked.push(request.url ?? '');
    const [host = '', port] = (request.url ?? '').split(':');
    client.on('error', () => {});
    if (!leadsTo(Number(port))) return void client.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    const target = connect(resolve(host, Number(port)));
    const refused = () => client.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n');
    target.once('error', refused);
    target.once('connect', () => {
      target.off('error', refused).on('error', () => {});
      const tunnel: [Duplex, Socket] = [client, target];
      tunnels.add(tunnel);
      const over = () => {
        tunnels.delete(tunnel);
        client.destroy();
        target.destroy();
      };
      client.once('close', over);
      target.once('close', over);
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      if (head.length > 0) target.write(head);
      client.pipe(target).pipe(client);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  function cut(): void {
    for (const [, target] of tunnels) target.destroy();
    for (const client of clients) client.destroy();
  }
  t.teardown(() => {
    cut();
    server.close();
  });
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** `HOST:PORT` of each requested tunnel, in order. */
    asked,
    /** Requests without a tunnel, which it refused. */
    plain,
    /** Closes all connections, and accepts new ones. */
    cut,
    /** Closes all connections and each new one, until `open`. */
    close(): void {
      state = 'closed';
      cut();
    },
    /** Forwards nothing and closes nothing until `cut`, like an unplugged cable. */
    silence(): void {
      state = 'silent';
      for (const [client, target] of tunnels) {
        client.unpipe(target).pause();
        target.unpipe(client).pause();
      }
    },
    open(): void {
      state = 'open';
    },
  };
}
