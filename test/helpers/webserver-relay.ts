// Both ends of the relay as bare as they come: a pod that agrees to a WebSocket and hands out its connection, and a client
// that asks for one and shows what it is answered.

import { createServer, type IncomingMessage, request as startRequest } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { paths } from '../../common/terminals-api.ts';
import type { Teardown } from './webserver-listen.ts';

export type Pod = {
  host: string;
  port: number;
  /** The handshakes so far. */
  requests: IncomingMessage[];
  /** Resolves to the next connection that becomes a WebSocket. */
  next: () => Promise<Socket>;
};

/** A pod that answers handshakes by `answer`, and whose WebSockets are bare connections. */
export async function startPod(
  t: Teardown,
  answer = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: yes\r\n\r\n',
): Promise<Pod> {
  const waiting: ((socket: Socket) => void)[] = [];
  const open = new Set<Socket>();
  const requests: IncomingMessage[] = [];
  const server = createServer().on('upgrade', (request: IncomingMessage) => {
    const { socket } = request;
    requests.push(request);
    open.add(socket);
    socket.on('error', () => {});
    // As a WebSocket server does: it leaves no connection half open.
    socket.once('end', () => socket.end());
    socket.write(answer);
    waiting.shift()?.(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(async () => {
    for (const socket of open) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { host: '127.0.0.1', port, requests, next: () => new Promise((resolve) => waiting.push(resolve)) };
}

/** A port that takes connections, and never says a word. */
export async function startMute(t: Teardown) {
  const open = new Set<Socket>();
  const server = createTcpServer((socket) => {
    open.add(socket.resume());
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(async () => {
    for (const socket of open) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port, server };
}

/** A port that nobody listens at. */
export async function startClosed(t: Teardown) {
  const { server, ...at } = await startMute(t);
  await new Promise((resolve) => server.close(resolve));
  return at;
}

export type Handshake =
  | { status: 101; headers: IncomingMessage['headers']; socket: Socket }
  | { status: number; headers: IncomingMessage['headers']; body: { code?: string; detail?: string } };

const query = '?EIO=4&transport=websocket';

/** Asks the webserver at `url` for the relay. */
export function knock(
  t: Teardown,
  url: string,
  { headers = {}, path = paths.relay + query }: { headers?: Record<string, string>; path?: string } = {},
): Promise<Handshake> {
  const handshake = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-version': '13',
  };
  const request = startRequest(url + path, { agent: false, headers: { ...handshake, ...headers } });
  t.teardown(() => void request.destroy());
  return new Promise((resolve, reject) => {
    request.once('upgrade', (answer, socket, head) => {
      socket.on('error', () => {});
      t.teardown(() => void socket.destroy());
      if (head.length > 0) socket.unshift(head);
      resolve({ status: 101, headers: answer.headers, socket });
    });
    request.once('response', async (answer) => {
      const body = JSON.parse((await text(answer)) || '{}');
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body });
    });
    request.once('error', reject);
    request.end();
  });
}
