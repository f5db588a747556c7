// HTTP to the API server: credentials and addresses from the official client's KubeConfig, requests with Node's own http and keep-alive
// connections. The client's request methods are too slow for claims: they open a TLS connection for each call, have no deadline, and
// copy every object of a list through a deserialiser.

import {
  type Agent,
  type ClientRequest,
  Agent as HttpAgent,
  type IncomingMessage,
  request as requestHttp,
} from 'node:http';
import { Agent as HttpsAgent, type RequestOptions, request as requestHttps } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { type Deadline, startDeadline } from '../../common/deadline.ts';
import { ServiceError } from '../../common/errors.ts';
import { ApiError } from './api-error.ts';
import { type OnWarning, readWarnings } from './warnings.ts';

export type ApiRequest = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query. */
  path: string;
  body?: unknown;
  contentType?: string;
  /** Aborted when the answer is no longer needed. The API server may still carry out a write. */
  signal?: AbortSignal | undefined;
  /** The connections to use. Absent: `requests`. */
  lane?: Exclude<Lane, 'streams'>;
  /** Overrides the transport's deadline. */
  deadlineMs?: number;
};

export type Transport = {
  namespace: string;
  /**
   * The JSON answer. Throws ApiError when the API server rejects the request, `unavailable` or `timeout` without an answer, and the
   * reason of the request's signal after that is aborted.
   */
  request<T>(request: ApiRequest): Promise<T>;
  /** The body of the answer as it arrives, until it ends or `signal` is aborted. The deadline applies only to the headers. */
  stream(path: string, signal: AbortSignal): Promise<IncomingMessage>;
  close(): void;
};

// Load balancers drop idle connections without notice. Do not reuse one that was idle for longer.
const idleMs = 30_000;
// Many claims at once share this number of connections: waiting for one is faster than opening another, and cheaper for the API
// server. Watches, Leases and token reviews have their own: a watch would block a connection, claims must not delay a
// Lease renewal, and a flood of tokens must delay neither.
const connections = { requests: 32, leases: 4, reviews: 8, streams: Number.POSITIVE_INFINITY };
export type Lane = keyof typeof connections;

/** A transport to the cluster of KUBECONFIG, or to the cluster that this process runs in. */
export function createTransport(options: {
  namespace?: string | undefined;
  deadlineMs: number;
  /** Called for each answer with its status, or 0 when there was none. */
  onAnswer?: (method: string, status: number) => void;
  /** Called for each answer with its Date header and the time at which its request was sent, by performance.now. */
  onDate?: (date: string | undefined, sentAt: number) => void;
  onWarning?: OnWarning;
}): Transport {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromDefault();
  const cluster = kubeConfig.getCurrentCluster();
  // A kubelet may start a container before it has mounted the token. The token then stays absent until the container restarts.
  // The client library assumes an API server at localhost:8080 in that case.
  if (process.env.KUBERNETES_SERVICE_HOST && cluster?.server === 'http://localhost:8080') {
    const message = 'KUBECONFIG is not set, and this pod has no token in /var/run/secrets/kubernetes.io/serviceaccount';
    throw new ServiceError('invalid-config', message);
  }
  if (!cluster) throw new ServiceError('invalid-config', 'KUBECONFIG: it names no current cluster');
  const server = new URL(cluster.server);
  // The client rejects plain http unless verification is off. The stand-in uses plain http on loopback.
  if (server.protocol === 'http:') Object.assign(cluster, { skipTLSVerify: true });
  const context = kubeConfig.getContextObject(kubeConfig.getCurrentContext());
  const { onAnswer = () => {}, onDate = () => {}, onWarning = () => {} } = options;
  let agents: Record<Lane, Agent> | undefined;

  /** Aborts the request as soon as one of `signals` is aborted. */
  async function send(request: ApiRequest, signals: AbortSignal[], lane: Lane = 'requests'): Promise<IncomingMessage> {
    // Read the credentials for each request: the client refreshes tokens that expire.
    const credentials: RequestOptions = {};
    await kubeConfig.applyToHTTPSOptions(credentials as Parameters<typeof kubeConfig.applyToHTTPSOptions>[0]);
    const { headers, auth, ca, cert, key, rejectUnauthorized, servername } = credentials;
    const secure = server.protocol === 'https:';
    const createAgent = (by: Lane): Agent => {
      const keep = { keepAlive: true, timeout: idleMs, maxSockets: connections[by] };
      if (!secure) return new HttpAgent(keep);
      return new HttpsAgent({ ...keep, ...defined({ ca, cert, key, rejectUnauthorized, servername }) });
    };
    agents ??= {
      requests: createAgent('requests'),
      leases: createAgent('leases'),
      reviews: createAgent('reviews'),
      streams: createAgent('streams'),
    };
    const agent = agents[lane];
    const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
    const url = new URL(server.pathname.replace(/\/$/, '') + request.path, server);
    const sentAt = performance.now();
    for (const signal of signals) signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const outgoing: ClientRequest = (secure ? requestHttps : requestHttp)(url, {
        method: request.method,
        ...defined({ agent, auth }),
        headers: {
          ...headers,
          accept: 'application/json',
          ...(body ? { 'content-type': request.contentType ?? 'application/json', 'content-length': body.length } : {}),
        },
      });
      // Not with Node's own `signal` option: if an answer is complete but unread, the connection has no error listener, and the abort
      // error would end the process.
      const giveUp = (event: Event) => {
        outgoing.destroy();
        // A destroyed request that waits for a connection emits an error only when it gets one.
        reject((event.target as AbortSignal).reason);
      };
      for (const signal of signals) signal.addEventListener('abort', giveUp, { once: true });
      outgoing.once('close', () => {
        for (const signal of signals) signal.removeEventListener('abort', giveUp);
      });
      let answered = false;
      outgoing.once('response', (answer) => {
        answered = true;
        onAnswer(request.method, answer.statusCode ?? 0);
        onDate(answer.headers.date, sentAt);
        for (const warning of readWarnings(answer.headers.warning)) onWarning(warning, request);
        resolve(answer);
      });
      outgoing.once('error', (error) => {
        // A stream may break long after its answer started.
        if (!answered) onAnswer(request.method, 0);
        reject(error);
      });
      outgoing.end(body);
    });
  }

  return {
    namespace: options.namespace ?? context?.namespace ?? 'default',
    async request<T>(request: ApiRequest) {
      const { deadlineMs = options.deadlineMs } = request;
      const deadline = startDeadline(Math.min(deadlineMs, options.deadlineMs), request.signal);
      try {
        const answer = await send(request, [deadline.signal], request.lane);
        return parseAnswer<T>(answer.statusCode ?? 0, await readText(answer));
      } catch (error) {
        request.signal?.throwIfAborted();
        throw noAnswer(error, deadline);
      } finally {
        deadline.clear();
      }
    },
    async stream(path, signal) {
      const deadline = startDeadline(options.deadlineMs);
      try {
        const answer = await send({ method: 'GET', path }, [signal, deadline.signal], 'streams');
        deadline.clear();
        if (answer.statusCode === 200) return answer;
        return parseAnswer<never>(answer.statusCode ?? 0, await readText(answer));
      } catch (error) {
        signal.throwIfAborted();
        throw noAnswer(error, deadline);
      } finally {
        deadline.clear();
      }
    },
    close() {
      for (const agent of Object.values(agents ?? {})) agent.destroy();
    },
  };
}

async function readText(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function parseAnswer<T>(status: number, text: string): T {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  if (status >= 200 && status < 300) return body as T;
  const { reason = 'Unknown', message = text.slice(0, 200) } = (body ?? {}) as { reason?: string; message?: string };
  // Too many requests, or an internal error: the API server made no decision, so the request may be retried.
  if (status === 429 || status >= 500) {
    const cause = new ApiError(status, reason, message);
    throw new ServiceError('unavailable', `The Kubernetes API answers ${status}: ${message}`, { cause });
  }
  throw new ApiError(status, reason, message);
}

function noAnswer(error: unknown, { passed, signal }: Deadline): unknown {
  if (error instanceof ApiError || error instanceof ServiceError) return error;
  if (passed) {
    return new ServiceError('timeout', 'The Kubernetes API did not answer in time.', { cause: signal.reason });
  }
  return new ServiceError('unavailable', 'The Kubernetes API cannot be reached.', { cause: error });
}

const defined = <T extends object>(object: T): T =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined && value !== null)) as T;

/** The result, or undefined if the API server rejected the request with one of `statuses`. */
export async function unless<T>(statuses: number[], result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if (error instanceof ApiError && statuses.includes(error.status)) return undefined;
    throw error;
  }
}
