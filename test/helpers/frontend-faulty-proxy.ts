// A reverse proxy in front of the webserver, over real HTTP. A test has it remove headers, answer in place of
// the webserver, lose answers, or block WebSockets.

import {
  Agent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
  request as startRequest,
} from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { listen, type Teardown } from './webserver-listen.ts';

export type FaultyProxy = {
  url: string;
  /** Returns the target; called for each request. */
  target: () => string;
  /** Answers in place of the webserver, and then returns true. */
  intercept: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Changes the headers of a request or of an answer. */
  onRequest: (headers: IncomingHttpHeaders) => void;
  onAnswer: (headers: IncomingHttpHeaders, request: IncomingMessage) => void;
  /** Whether it forwards WebSockets, or strips the Upgrade header as a proxy without WebSocket support does. */
  webSockets: 'pass' | 'strip';
  /** The statuses of answers to stripped WebSocket requests. */
  stripped: number[];
};

/** Starts a proxy in front of `target`. It keeps the Host header. */
export async function startFaultyProxy(t: Teardown, target: string): Promise<FaultyProxy> {
  const agent = new Agent({ keepAlive: true });
  t.teardown(() => agent.destroy());
  const proxy: FaultyProxy = {
    url: '',
    target: () => target,
    intercept: () => false,
    onRequest: () => {},
    onAnswer: () => {},
    webSockets: 'pass',
    stripped: [],
  };

  function passOn(request: IncomingMessage, headers: IncomingHttpHeaders) {
    const sent = { ...headers };
    proxy.onRequest(sent);
    return startRequest(proxy.target() + request.url, { method: request.method, headers: sent, agent });
  }

  const { url, server } = await listen(t, (request, response) => {
    if (proxy.intercept(request, response)) return;
    const onward = passOn(request, request.headers);
    onward.once('response', (answer) => {
      const headers = { ...answer.headers };
      proxy.onAnswer(headers, request);
      response.writeHead(answer.statusCode ?? 502, headers);
      answer.pipe(response);
    });
    onward.once('error', () => response.destroy());
    response.once('close', () => onward.destroy());
    request.pipe(onward);
  });
  const upgraded = new Set<Duplex>();
  t.teardown(() => {
    for (const socket of upgraded) socket.destroy();
  });
  server.on('upgrade', (request: IncomingMessage, socket, head: Buffer) => {
    upgraded.add(socket);
    socket.on('error', () => {}).once('close', () => upgraded.delete(socket));
    if (proxy.webSockets === 'strip') {
      const { upgrade: _upgrade, connection: _connection, ...headers } = request.headers;
      const onward = passOn(request, headers);
      onward.once('response', (answer) => {
        proxy.stripped.push(answer.statusCode ?? 0);
        answer.resume();
        socket.end(`HTTP/1.1 ${answer.statusCode} Refused\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
      });
      onward.once('error', () => socket.destroy());
      return void onward.end();
    }
    const { hostname, port } = new URL(proxy.target());
    const onward = connect(Number(port), hostname);
    const lines = request.rawHeaders.flatMap((name, at, all) => (at % 2 === 0 ? [`${name}: ${all[at + 1]}`] : []));
    onward.write(`${request.method} ${request.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    onward.write(head);
    onward.on('error', () => socket.destroy()).pipe(socket);
    socket.once('close', () => onward.destroy()).pipe(onward);
  });
  proxy.url = url;
  return proxy;
}
