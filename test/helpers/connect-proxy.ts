// An HTTP proxy for CONNECT, as there is between many offices and the internet: it notes where it was asked to lead, and can be
// cut, closed and silenced. It listens on a port of its own of the loopback address.

import { createServer as createPlainServer, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Teardown } from './webserver-listen.ts';

export type ConnectProxyOptions = {
  /** Which ports it leads to; it answers 403 for others. */
  leadsTo?: (port: number) => boolean;
  /** Where a host name is, for those that no DNS knows. */
  resolve?: (host: string, port: number) => { host: string; port: number };
  /** With it the proxy itself speaks TLS. */
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
  // Those of the proxy, also before they have asked for anything.
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
    /** `HOST:PORT` of each tunnel that was asked for, in order. */
    asked,
    /** What was asked for without a tunnel, and refused. */
    plain,
    /** Ends all connections; new ones may be made. */
    cut,
    /** Ends all connections, and each new one, until `open`. */
    close(): void {
      state = 'closed';
      cut();
    },
    /** Lets nothing through any more and ends nothing, until it is cut: a cable that was pulled. */
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
