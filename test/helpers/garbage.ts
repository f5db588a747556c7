// Garbage over HTTP, from a seed: requests that no regular client sends, written byte by byte, for any server.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { connect, type Socket } from 'node:net';
import type { ExecutionContext } from 'ava';
import type { Random } from '../../bench/simulate/random.ts';

export type Target = {
  port: number;
  /** Paths with their queries; `{}` in them stands for any value. */
  paths: string[];
  /** Header lines that authenticate a part of the garbage. */
  known: string[];
};

const bodies = [
  '',
  '{',
  '{"pool":',
  'null',
  '0',
  '""',
  '[]',
  '[{}]',
  '{}',
  '{"pool":{}}',
  '{"pool":["a","b"],"place":"1"}',
  '{"place":-1}',
  '{"place":1e400}',
  '{"visitor":7,"connections":"many"}',
  '{"__proto__":{"pool":"x"},"constructor":{"prototype":null}}',
  '{"solution":{"__proto__":null,"number":1e99,"salt":[]}}',
  '\u0000\u0001\ufeff{}',
  `{"pool":"${'x'.repeat(5_000)}"}`,
  `${'['.repeat(2_000)}${']'.repeat(2_000)}`,
  'x'.repeat(40_000),
];
const methods = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'CONNECT',
  'BREW',
  'get',
];
const anything = ['%00', '%ff', '%', '..%2f..', '%E0%A4%A', '__proto__', "'", '%F0%9F%90%9A', 'x'.repeat(300)];
const suffixes = ['', '', '/', '//', '/../..', '?', '?pool', '?pool[]=a&pool[b]=c', '?pool=%00', '#x'];
const headerLines = [
  'Content-Type: text/plain',
  'Content-Type: application/json; charset=utf-7',
  'Content-Type: application/json; charset="',
  'Content-Type: ;;;',
  'Content-Encoding: gzip',
  'Content-Encoding: br',
  'Content-Encoding: no-such',
  'Warmterm-Visitor: browser..',
  'Warmterm-Visitor: browser.AAAAAAAAAAAAAAAAAAAAAA.%ff',
  `Warmterm-Visitor: browser.${'A'.repeat(22)}.${'A'.repeat(43)}`,
  `Warmterm-Visitor: ${'v'.repeat(4_000)}`,
  `Warmterm-Visitor: new.${'A'.repeat(22)}`,
  `Warmterm-Visitor: new.${'A'.repeat(23)}`,
  'Warmterm-Visitor: none\r\nWarmterm-Visitor: __proto__',
  'Authorization: Bearer',
  'Authorization: Basic %%%',
  'X-Forwarded-For: nobody, 999.999.999.999, ::::',
  'X-Forwarded-Host: <script>, [::',
  'X-Forwarded-Proto: gopher',
  'Origin: ::not an origin::',
  'Sec-Fetch-Site: cross-site',
  'Expect: 100-continue',
  'Expect: a miracle',
  'Range: bytes=9-1',
  'Range: bytes=-99999999999999999999',
  'If-None-Match: "',
  'Accept-Encoding: br;q=x, *;q=0',
  'Connection: Upgrade\r\nUpgrade: websocket',
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x',
  'Connection: Upgrade\r\nUpgrade: h2c',
  'Host: another.example.org',
  'Transfer-Encoding: gzip, chunked',
  'No colon here',
  ' Folded: line',
  'Name with spaces: x',
  'Control: a\u0001b',
];
const openings = [
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
  'GET / HTTP/9.9\r\n\r\n',
  'GET /\r\n\r\n',
  '\r\n\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n',
  'GET http://elsewhere.example.org/ HTTP/1.1\r\nHost: x\r\n\r\n',
  'GET / HTTP/1.1\r\n\r\n',
];

/** The bytes of one request, complete or truncated. */
export function makeGarbage({ paths, known }: Target, random: Random): string {
  const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
  const chance = (share: number) => random() < share;
  if (chance(0.05)) return one(openings);
  const path = one(paths).replace('{}', () => one(anything)) + one(suffixes) + (chance(0.03) ? 'x'.repeat(20_000) : '');
  const body = one(bodies);
  const length = Buffer.byteLength(body);
  const framing = chance(0.1)
    ? one([
        'Transfer-Encoding: chunked',
        'Content-Length: -1',
        'Content-Length: 1\r\nContent-Length: 2',
        'Content-Length: x',
      ])
    : `Content-Length: ${chance(0.1) ? length + 50 : chance(0.1) ? Math.floor(length / 2) : length}`;
  const lines = [
    `${chance(0.5) ? 'POST' : one(methods)} ${path} HTTP/1.1`,
    ...(chance(0.95) ? ['Host: localhost'] : []),
    ...(chance(0.7) ? known : []),
    ...(chance(0.7) ? ['Content-Type: application/json'] : []),
    ...Array.from({ length: Math.floor(random() * 3) }, () => one(headerLines)),
    ...(chance(0.02) ? Array.from({ length: 3_000 }, (_, index) => `X-${index}: y`) : []),
    ...(chance(0.8) ? [framing] : []),
  ];
  const whole = `${lines.join('\r\n')}\r\n\r\n${body}`;
  return chance(0.1) ? whole.slice(0, Math.floor(random() * whole.length)) : whole;
}

/**
 * Sends it on a new connection, and then closes its half or stays silent. Resolves with the
 * statuses of the answers once the server has closed the connection.
 */
export function send(port: number, garbage: string, then: 'close' | 'say nothing' = 'close'): Promise<number[]> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let answer = '';
    socket.setEncoding('latin1').on('data', (text) => {
      answer += text;
    });
    // The server reset the connection before it read everything. Its answers still count.
    socket.on('error', () => {});
    socket.once('close', () =>
      resolve([...answer.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status))),
    );
    socket.write(garbage, 'latin1');
    if (then === 'close') socket.end();
  });
}

/** The connections that the server at `port`, in this process, has opened since this call. */
export function watchConnections(t: Pick<ExecutionContext, 'teardown'>, port: number): Set<Socket> {
  const open = new Set<Socket>();
  const accepted = (message: unknown) => {
    const { socket } = message as { socket: Socket };
    if (socket.localPort !== port) return;
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  };
  subscribe('net.server.socket', accepted);
  t.teardown(() => void unsubscribe('net.server.socket', accepted));
  return open;
}

/** Sends `count` requests, many at once. Returns those that got a 5xx, and complete ones that got no answer. */
export async function bombard(target: Target, random: Random, count = 1_000) {
  const statuses = new Map<number, number>();
  const failures: string[] = [];
  let left = count;
  const one = async () => {
    while (left-- > 0) {
      const garbage = makeGarbage(target, random);
      for (const status of await send(target.port, garbage)) {
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (status >= 500) failures.push(`${status}: ${garbage.slice(0, 2_000)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: 20 }, one));
  return { statuses, failures };
}
