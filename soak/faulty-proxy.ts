// A proxy between one manager and the API server, real or stand-in, that injects faults: see faults.ts. Speaks plain HTTP
// to the manager, and with the kubeconfig's credentials to the server.

import { readFileSync, writeFileSync } from 'node:fs';
import {
  createServer,
  Agent as HttpAgent,
  type IncomingMessage,
  request as requestHttp,
  type ServerResponse,
} from 'node:http';
import { Agent as HttpsAgent, type RequestOptions, request as requestHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import type { Faults, RequestFault, RequestKind } from './faults.ts';
import { tamper } from './tamper.ts';

/** A request that changed, or tried to change, something. */
export type Write = { method: string; path: string; body: string; status: number };

export type FaultyProxyOptions = {
  /** File of the kubeconfig of the API server itself. */
  kubeconfig: string;
  /** Where to write the kubeconfig of this proxy. */
  rewriteTo: string;
  faults: Faults;
  /** Earlier lists by address, because several managers request the same ones. */
  formerLists: Map<string, string[]>;
  onWrite?: (write: Write) => void;
};

export type FaultyProxy = Awaited<ReturnType<typeof startFaultyProxy>>;

const listsKept = 6;

export async function startFaultyProxy(options: FaultyProxyOptions) {
  const { faults, formerLists, onWrite = () => {} } = options;
  const upstream = await openUpstream(options.kubeconfig);
  /** The open requests, which a cut aborts. */
  const open = new Set<ServerResponse>();
  let cutUntil = 0;

  const server = createServer((incoming, answer) => {
    open.add(answer);
    answer.once('close', () => open.delete(answer));
    answer.on('error', () => {});
    handle(incoming, answer).catch(() => answer.destroy());
  });

  async function handle(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = incoming;
    const body = await readText(incoming);
    if (performance.now() < cutUntil) return void answer.destroy();
    const refusal = isNewService(method, url) ? faults.ofService() : undefined;
    if (refusal) return refuse(answer, refusal);
    const kind = kindOf(method, url);
    const fault = faults.ofRequest(kind);
    if (fault && fault.kind !== 'stale list') faults.count(fault.kind);
    if (fault?.kind === 'delay') await delay(fault.ms);
    if (fault?.kind === 'lost request') return void answer.destroy();
    if (fault && isRefusal(fault)) return refuse(answer, Number(fault.kind));
    if (fault?.kind === 'stale list') {
      const former = formerLists.get(url)?.[0];
      if (former !== undefined) {
        faults.count('stale list');
        return send(answer, 200, { 'content-type': 'application/json' }, former);
      }
    }
    const response = await upstream(incoming, body);
    if (kind === 'watch' && response.statusCode === 200) return passWatch(response, answer);
    const text = await readText(response);
    const status = response.statusCode ?? 502;
    if (kind === 'write') onWrite({ method, path: url, body, status });
    if (kind === 'list' && status === 200) keepList(url, text);
    if (fault?.kind === 'late answer') await delay(fault.ms);
    if (fault?.kind === 'lost response') return void answer.destroy();
    send(answer, status, response.headers, text);
  }

  async function passWatch(response: IncomingMessage, answer: ServerResponse): Promise<void> {
    // A manager that was killed meanwhile has closed it already.
    if (answer.destroyed) return void response.destroy();
    answer.once('close', () => response.destroy());
    answer.writeHead(200, { 'content-type': 'application/json' });
    answer.flushHeaders();
    const pause = (ms: number) => delay(ms, undefined, { ref: false });
    const end = await tamper(linesOf(response), faults, (text) => void answer.write(text), pause);
    // The data written so far arrives in either case.
    if (end === 'ended') answer.end();
    else answer.socket?.end();
  }

  function keepList(url: string, text: string): void {
    const kept = formerLists.get(url) ?? [];
    kept.push(text);
    if (kept.length > listsKept) kept.shift();
    formerLists.set(url, kept);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = (server.address() as AddressInfo).port;
  writeFileSync(options.rewriteTo, throughProxy(options.kubeconfig, port), { mode: 0o600 });
  return {
    kubeconfig: options.rewriteTo,
    /** For this long nothing gets through, and open requests are aborted. */
    cut(ms: number): void {
      cutUntil = performance.now() + ms;
      for (const answer of open) answer.socket?.end();
    },
    mend(): void {
      cutUntil = 0;
    },
    close(): void {
      server.closeAllConnections();
      server.close();
    },
  };
}

export function kindOf(method: string, url: string): RequestKind {
  if (method !== 'GET') return 'write';
  const { pathname, searchParams } = new URL(url, 'http://proxy');
  if (searchParams.get('watch') === 'true') return 'watch';
  return /\/(pods|services|configmaps|nodes|statefulsets|ingresses|httproutes|events|leases)$/.test(pathname)
    ? 'list'
    : 'read';
}

const isNewService = (method: string, url: string) => method === 'POST' && url.endsWith('/services');

const isRefusal = ({ kind }: RequestFault) => ['409', '410', '429', '500'].includes(kind);

const reasons: Record<number, string> = {
  403: 'Forbidden',
  409: 'Conflict',
  410: 'Expired',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
};

function refuse(answer: ServerResponse, code: number): void {
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    message: 'as the soak would have it',
    reason: reasons[code],
    code,
  };
  const headers = { 'content-type': 'application/json', ...(code === 429 && { 'retry-after': '1' }) };
  send(answer, code, headers, JSON.stringify(status));
}

function send(answer: ServerResponse, status: number, headers: IncomingMessage['headers'], text: string): void {
  const { connection, 'transfer-encoding': chunked, 'content-length': length, ...rest } = headers;
  answer.writeHead(status, { ...rest, 'content-length': Buffer.byteLength(text) });
  answer.end(text);
}

async function* linesOf(stream: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of stream.setEncoding('utf8')) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

async function readText(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** Forwards a request to the server in the kubeconfig `file`, with its credentials. */
async function openUpstream(file: string) {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(file);
  const cluster = kubeConfig.getCurrentCluster();
  if (!cluster) throw new Error(`${file} names no current cluster.`);
  const server = new URL(cluster.server);
  const secure = server.protocol === 'https:';
  if (!secure) Object.assign(cluster, { skipTLSVerify: true });
  const credentials: RequestOptions = {};
  await kubeConfig.applyToHTTPSOptions(credentials as Parameters<typeof kubeConfig.applyToHTTPSOptions>[0]);
  const { ca, cert, key, rejectUnauthorized } = credentials;
  const agent = secure
    ? new HttpsAgent({
        keepAlive: true,
        ca,
        cert,
        key,
        ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
      })
    : new HttpAgent({ keepAlive: true });
  const base = server.pathname.replace(/\/$/, '');
  return (incoming: IncomingMessage, body: string): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const { accept, 'content-type': type } = incoming.headers;
      const request = (secure ? requestHttps : requestHttp)(new URL(base + (incoming.url ?? '/'), server), {
        method: incoming.method,
        agent,
        headers: {
          ...(credentials.headers as Record<string, string> | undefined),
          ...(accept && { accept }),
          ...(type && { 'content-type': type }),
          'content-length': Buffer.byteLength(body),
        },
      });
      request.once('response', resolve);
      request.once('error', reject);
      request.end(body);
    });
}

/** The kubeconfig without credentials, and with the proxy as its server. Contexts keep their namespace. */
function throughProxy(file: string, port: number): string {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromString(readFileSync(file, 'utf8'));
  const context = kubeConfig.getContextObject(kubeConfig.getCurrentContext());
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'soak', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'soak', user: {} }],
    contexts: [
      { name: 'soak', context: { cluster: 'soak', user: 'soak', namespace: context?.namespace ?? 'default' } },
    ],
    'current-context': 'soak',
  });
}
