// Both ends of the relay without socket.io: a pod that accepts a WebSocket and returns its bare connection, and a client
// that requests one and returns the answer.

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
  /** Resolves to the next upgraded connection. */
  next: () => Promise<Socket>;
};

/** A pod that answers handshakes with `answer`, and returns the connections of its WebSockets. */
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
    // Like a WebSocket server, it leaves no connection half open.
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

/** A port that accepts connections and never answers. */
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

/** A port without a listener. */
export async function startClosed(t: Teardown) {
  const { server, ...at } = await startMute(t);
  await new Promise((resolve) => server.close(resolve));
  return at;
}

export type Handshake =
  | { status: 101; headers: IncomingMessage['headers']; socket: Socket }
  | { status: number; headers: IncomingMessage['headers']; body: { code?: string; detail?: string } };

const query = '?EIO=4&transport=websocket';

/** Requests the relay from the webserver at `url`. */
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
