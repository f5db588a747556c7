// A client of the webserver's API (common/terminals-api.ts) for this visitor. It does not load the zod schemas, which would take a third of
// the client's start: answers are checked by the fields that are used.

import type { Agent } from 'node:http';
import type { ErrorCode, ReachedLimit } from '../../common/errors.ts';
import type { Link, LinkRequest, PoolStatus, Promised } from '../../common/manager-api.ts';
import type {
  paths as apiPaths,
  OpenAnswer,
  PoolSummaries,
  versionHeader,
  visitorHeader,
} from '../../common/terminals-api.ts';
import type { Identity } from '../config.ts';
import { Failure } from '../failure.ts';
import { type HttpAnswer, sendRequest } from './http.ts';

// Typed, so that it cannot differ from common/terminals-api.ts.
const header: typeof visitorHeader = 'warmterm-visitor';
const ofVersion: typeof versionHeader = 'warmterm-version';
const paths: Pick<typeof apiPaths, 'terminals' | 'current' | 'place' | 'links' | 'pools' | 'hostPools'> = {
  terminals: '/api/terminals',
  current: '/api/terminals/current',
  place: '/api/terminals/place',
  links: '/api/terminals/current/links',
  pools: '/api/pools',
  hostPools: '/api/host/pools',
};

/** Longer than the webserver's own deadline for the manager. */
const deadlineMs = 20_000;

/** The terminal of a run; without one, the visitor's terminal in the page. */
export type Target = { run?: string | undefined; pool?: string | undefined };

export type OwnTerminal = { run?: string; name: string; pool: string; claimedAt: string; expiresAt: string };

/** A refusal by the server, or `unreachable` if it did not answer. */
export class ApiError extends Error {
  readonly code: ErrorCode | 'unreachable';
  readonly retryable: boolean;
  readonly retryAfter: number | undefined;
  readonly challenge: unknown;
  readonly limit: ReachedLimit | undefined;

  constructor(
    code: ErrorCode | 'unreachable',
    message: string,
    more: { retryable: boolean; retryAfter?: number; challenge?: unknown; limit?: ReachedLimit; cause?: unknown },
  ) {
    super(message, { cause: more.cause });
    this.code = code;
    this.retryable = more.retryable;
    this.retryAfter = more.retryAfter;
    this.challenge = more.challenge;
    this.limit = more.limit;
  }
}

/** The server does not recognise the identity any more. */
export class UnknownIdentity extends Failure {}

export type OpenWish = {
  place?: number | undefined;
  promised?: Promised | undefined;
  solution?: Record<string, unknown> | undefined;
  /** Claims nothing: returns the present terminal, or `session-not-found`. */
  existing?: boolean | undefined;
};

export type Api = {
  /** Its address, such as `https://example.org/shell`, without a final slash. */
  server: string;
  /** Claims a terminal, or gets a ticket for the present one. */
  open(target: Target, wish: OpenWish, signal?: AbortSignal): Promise<OpenAnswer>;
  list(): Promise<OwnTerminal[]>;
  end(target: Target): Promise<void>;
  /** Leaves the queue. */
  leave(target: Target): Promise<void>;
  /** Makes a link to the visitor's terminal. */
  makeLink(request: LinkRequest): Promise<Link>;
  /** Ends all links to the visitor's terminal. */
  endLinks(target: Pick<Target, 'pool'>): Promise<void>;
  /** The pools that the visitor may see. */
  pools(target: Pick<Target, 'pool'>): Promise<PoolSummaries['pools']>;
  /** All pools, for hosts. */
  hostPools(hostToken: string): Promise<PoolStatus[]>;
};

export function createApi(options: {
  server: string;
  identity: Identity;
  agentFor: (url: string) => Promise<Agent | undefined>;
  /** Called with the server's version at each answer. */
  onVersion: (version: string) => void;
}): Api {
  const { server, identity, agentFor, onVersion } = options;

  async function call(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown, more: CallOptions = {}) {
    const url = server + path;
    const headers = { [header]: identity.get(), ...more.headers };
    const agent = await agentFor(url);
    const signal = more.signal;
    const ask = () =>
      sendRequest({ method, url, headers, body, agent, signal, deadlineMs: more.deadlineMs ?? deadlineMs });
    let answer: HttpAnswer;
    try {
      // The server may close a kept connection just as it is reused.
      answer = await ask().catch((error) => (error?.code === 'ECONNRESET' && !signal?.aborted ? ask() : reject(error)));
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw toUnreachable(server, error);
    }
    const version = answer.headers[ofVersion];
    if (typeof version === 'string') onVersion(version);
    const given = answer.headers[header];
    if (typeof given === 'string') identity.keep(given);
    if (answer.status < 200 || answer.status > 299) throw toError(server, answer);
    return answer.json;
  }

  return {
    server,
    async open({ run, pool }, wish, signal) {
      const answer = await call('POST', paths.terminals, { run, pool, ...wish }, { signal });
      if (has(answer, 'ticket', 'string') || has(answer, 'place', 'number')) return answer as OpenAnswer;
      throw notOurs(server);
    },
    async list() {
      const answer = await call('GET', paths.terminals);
      if (has(answer, 'terminals', 'object')) return (answer as { terminals: OwnTerminal[] }).terminals;
      throw notOurs(server);
    },
    async end(target) {
      await call('DELETE', paths.current + queryOf(target), undefined, { deadlineMs: 5_000 });
    },
    async leave(target) {
      await call('DELETE', paths.place + queryOf(target), undefined, { deadlineMs: 3_000 });
    },
    async makeLink(request) {
      const answer = await call('POST', paths.links, request);
      if (has(answer, 'token', 'string') && has(answer, 'expiresAt', 'string')) return answer as Link;
      throw notOurs(server);
    },
    async endLinks(target) {
      await call('DELETE', paths.links + queryOf(target));
    },
    async pools(target) {
      const answer = await call('GET', paths.pools + queryOf(target));
      if (has(answer, 'pools', 'object')) return (answer as PoolSummaries).pools;
      throw notOurs(server);
    },
    async hostPools(hostToken) {
      const headers = { authorization: `Bearer ${hostToken}` };
      const answer = await call('GET', paths.hostPools, undefined, { headers });
      if (has(answer, 'pools', 'object')) return (answer as { pools: PoolStatus[] }).pools;
      throw notOurs(server);
    },
  };
}

type CallOptions = { headers?: Record<string, string>; signal?: AbortSignal | undefined; deadlineMs?: number };

const reject = (error: unknown): never => {
  throw error;
};

/** `?run=…&pool=…`, also the relay's query. Pure. */
export function queryOf(target: Target): string {
  const query = new URLSearchParams(targetQuery(target)).toString();
  return query === '' ? '' : `?${query}`;
}

export const targetQuery = ({ run, pool }: Target): Record<string, string> => ({
  ...(pool !== undefined && { pool }),
  ...(run !== undefined && { run }),
});

function toError(server: string, { status, json }: HttpAnswer): ApiError | Failure {
  if (!(has(json, 'code', 'string') && has(json, 'detail', 'string') && has(json, 'retryable', 'boolean'))) {
    if (status === 401 || status === 407)
      return new Failure(`${server} requires a sign-in that this client does not support: it answers ${status}.`);
    if (status >= 500 || status === 429)
      return new ApiError('unavailable', `${server} answers ${status}.`, { retryable: true });
    return notOurs(server);
  }
  const { code, detail, ...more } = json as { code: ErrorCode; detail: string; retryable: boolean };
  if (code === 'unknown-visitor')
    return new UnknownIdentity(`${server} does not know this identity any more. Run: warmterm login ${server}`);
  return new ApiError(code, detail, more);
}

const notOurs = (server: string) =>
  new Failure(`${server} is not a warmterm server of this version. Check the address: warmterm login URL`);

function toUnreachable(server: string, error: unknown): ApiError | Failure {
  if (error instanceof Failure) return error;
  const { code, name, message } = error as NodeJS.ErrnoException;
  const why =
    name === 'TimeoutError'
      ? 'no answer'
      : code === 'ENOTFOUND' || code === 'EAI_AGAIN'
        ? 'there is no such host'
        : code === 'ECONNREFUSED'
          ? 'nothing listens there'
          : code?.includes('CERT') || code?.includes('SELF_SIGNED')
            ? `its certificate is not trusted (${code}); set NODE_EXTRA_CA_CERTS to the file of its authority`
            : message || code;
  return new ApiError('unreachable', `${server} cannot be reached: ${why}.`, { retryable: true, cause: error });
}

const has = (body: unknown, field: string, type: string): boolean =>
  typeof body === 'object' && body !== null && typeof (body as Record<string, unknown>)[field] === type;
