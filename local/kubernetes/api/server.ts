// The API over HTTP/1.1 on loopback: reads requests, checks who asks, writes answers and streams.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHostCheck, unknownHostMessage } from '../../../common/http/host-names.ts';
import { beginAnswer } from '../../../common/http/one-at-a-time.ts';
import type { Logger } from '../../../common/log.ts';
import { authorize, openDoor } from './access.ts';
import { parsePath } from './paths.ts';
import { jsonOfProtobuf, protobufType } from './protobuf.ts';
import type { Answer, Request } from './routes.ts';
import { ApiError } from './status.ts';
import type { Sink } from './watch.ts';

const maxBody = 3 * 1024 * 1024;
const isOwnHost = createHostCheck('127.0.0.1', undefined);
/** A watch that its reader does not read is ended rather than kept in memory. */
const maxUnread = 32 * 1024 * 1024;

export type ApiServer = { port: number; close: () => Promise<void> };

/** Listens on 127.0.0.1; `port` 0 asks for any. Closing ends every request and watch. */
export async function serveApi(options: {
  answer: (request: Request) => Promise<Answer>;
  adminToken: string;
  port: number;
  log: Logger;
}): Promise<ApiServer> {
  const server = createServer({ keepAliveTimeout: 60_000 }, (incoming, outgoing) => {
    if (!beginAnswer(incoming, outgoing)) return;
    handle(incoming, outgoing).catch((error: unknown) => {
      if (!(error instanceof ApiError) && !outgoing.destroyed)
        options.log.error({ err: error, path: incoming.url }, 'request failed');
      write(outgoing, refusal(error));
    });
  });
  server.requestTimeout = 60_000;
  await listen(server, options.port);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };

  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { host } = incoming.headers;
    if (!isOwnHost(host)) throw new ApiError(421, 'MisdirectedRequest', unknownHostMessage(host));
    const { pathname: asked, searchParams: query } = new URL(incoming.url ?? '/', 'http://localhost');
    const { path: pathname, admin } = openDoor(asked, options.adminToken);
    const { method = 'GET', headers } = incoming;
    const target = parsePath(pathname);
    const { resource, subresource, namespace, name } = target ?? {};
    const asks = { method, path: pathname, resource, subresource, namespace, name, watch: query.has('watch') };
    if (!admin) authorize(headers.authorization, options.adminToken, asks);
    const bytes = method === 'GET' ? Buffer.alloc(0) : await readBody(incoming);
    const sentAs = (headers['content-type'] ?? '').split(';')[0]!.trim();
    const isProtobuf = sentAs === protobufType && bytes.length > 0;
    const body = isProtobuf ? jsonOfProtobuf(bytes) : bytes.toString();
    const contentType = isProtobuf ? 'application/json' : sentAs;
    const warn = (text: string) => void outgoing.appendHeader('warning', `299 - ${JSON.stringify(text)}`);
    const { accept } = headers;
    write(outgoing, await options.answer({ method, path: pathname, query, accept, contentType, body, warn }));
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBody) {
      throw new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${maxBody}`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function refusal(error: unknown): Answer {
  const known = error instanceof ApiError ? error : new ApiError(500, 'InternalError', 'Internal error occurred');
  return { status: known.code, body: JSON.stringify(known.body) };
}

function write(outgoing: ServerResponse, answer: Answer): void {
  if (outgoing.destroyed || outgoing.headersSent) return;
  if ('start' in answer) {
    stream(outgoing, answer);
    return;
  }
  const { status, body, type = 'application/json' } = answer;
  outgoing.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body);
}

function stream(outgoing: ServerResponse, { start, type = 'application/json' }: Answer & { start: unknown }): void {
  outgoing.writeHead(200, { 'content-type': type });
  outgoing.flushHeaders();
  outgoing.socket?.setNoDelay(true);
  const sink: Sink = {
    write: (line) => {
      if (outgoing.destroyed) return;
      outgoing.write(line);
      if (outgoing.writableLength > maxUnread) outgoing.destroy();
    },
    end: () => outgoing.end(),
  };
  const stop = (start as (sink: Sink) => () => void)(sink);
  outgoing.once('close', stop);
}
