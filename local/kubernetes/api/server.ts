// The API over HTTP/1.1 on 127.0.0.1, for the user of this machine only: the token of the kubeconfig may do everything, other requests
// may ask for the health and the version. kubectl sends no token over plain HTTP, so the server's URL in the kubeconfig has the token
// as its first path segment too. Pods of the machine's network reach this port: it must not be open.

import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHostCheck, unknownHostMessage } from '../../../common/http/host-names.ts';
import { beginAnswer } from '../../../common/http/one-at-a-time.ts';
import type { Logger } from '../../../common/log.ts';
import type { Answer, Request } from './routes.ts';
import { ApiError } from './status.ts';
import type { Sink } from './watch.ts';

const maxBody = 3 * 1024 * 1024;
const isOwnHost = createHostCheck('127.0.0.1', undefined);
/** A watch whose client does not read it ends, so that it does not fill the memory. */
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
    const { pathname, searchParams: query } = new URL(incoming.url ?? '/', 'http://localhost');
    const { method = 'GET', headers } = incoming;
    const path = authorize(pathname, headers.authorization, options.adminToken);
    const body = method === 'GET' ? '' : await readBody(incoming);
    const contentType = (headers['content-type'] ?? '').split(';')[0]!.trim();
    const { accept } = headers;
    write(outgoing, await options.answer({ method, path: decode(path), query, accept, contentType, body }));
  }
}

/** The path without the token. Throws 401 for a wrong token, 403 for none. */
function authorize(path: string, authorization: string | undefined, adminToken: string): string {
  const [, first = ''] = path.split('/', 2);
  if (isSame(first, adminToken)) return path.slice(first.length + 1) || '/';
  const token = /^bearer +(.+)$/i.exec(authorization ?? '')?.[1]?.trim();
  if (token !== undefined && !isSame(token, adminToken)) throw new ApiError(401, 'Unauthorized', 'Unauthorized');
  if (token === undefined && !/^\/(healthz|livez|readyz|version)(\/|$)/.test(path))
    throw new ApiError(403, 'Forbidden', 'forbidden: the request has no token');
  return path;
}

function isSame(given: string, right: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBody) {
      throw new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${maxBody}`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
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
