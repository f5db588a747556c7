// The webserver's client of the manager: one function per request, each with a deadline and the service's own token.

import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import type { JSONWebKeySet } from 'jose';
import type * as z from 'zod';
import { isAbort, ServiceError, toServiceError } from '../common/errors.ts';
import { isConnectionRefused, type JsonRequest, requestJson } from '../common/http/client.ts';
import { keySetSchema } from '../common/key-set.ts';
import {
  type ClaimAnswer,
  claimAnswerSchema,
  type Link,
  type LinkRequest,
  linkSchema,
  type OpenLinkRequest,
  type Promised,
  paths,
  poolsSchema,
  type SharedTerminal,
  sharedTerminalSchema,
  type Terminal,
  type TerminalList,
  terminalListSchema,
  terminalSchema,
} from '../common/manager-api.ts';

type Pools = z.infer<typeof poolsSchema>;

/** The claimant (common/claimant.ts), and the pool if one is named. */
export type Target = { visitor: string; pool: string | undefined };

/** A claim: the network, the last position and promise that the visitor was sent, and whether a challenge was solved. */
export type ClaimRequest = Target & {
  address: string;
  place: number | undefined;
  promised: Promised | undefined;
  challenge: 'solved' | 'unsolved';
  /** Claims nothing: returns the present terminal, or `session-not-found`. */
  existing?: boolean | undefined;
};

export type Manager = {
  /** Returns the visitor's terminal, claiming one if needed, or a position in the queue. Abort `signal` when the visitor has left. */
  claim(target: ClaimRequest, signal: AbortSignal): Promise<ClaimAnswer>;
  /** Ends the visitor's terminal and claims another. */
  restart(target: ClaimRequest, signal: AbortSignal): Promise<ClaimAnswer>;
  /** Removes the visitor from the queue. */
  leave(target: Target): Promise<void>;
  /** Throws `session-not-found` if the visitor has no terminal. */
  find(target: Target): Promise<Terminal>;
  release(target: Target): Promise<void>;
  /** All terminals of a visitor. */
  list(visitor: string): Promise<TerminalList>;
  /** A link to the visitor's terminal. Throws `session-not-found` if there is none. */
  createLink(visitor: string, link: LinkRequest): Promise<Link>;
  revokeLinks(target: Target): Promise<void>;
  /** The terminal and a ticket for a guest. Throws `link-ended`. */
  openLink(request: OpenLinkRequest): Promise<SharedTerminal>;
  pools(): Promise<Pools>;
  /** The keys that verify tickets. */
  keys(): Promise<JSONWebKeySet>;
};

// When a manager starts or stops, nodes learn that up to a second later. Until then its Service refuses connections. A refused request was
// not sent, so it can be repeated.
const refusedRetry = { forMs: 1_500, pauseMs: 100 };

// Less than the manager's keep-alive timeout (Node: five seconds). Otherwise it could close a connection just as it is reused, and the
// request would fail.
const agentOptions = { keepAlive: true, timeout: 4_000 };

/** A client of the manager at `url`. Calls `readToken` for every request. */
export function createManagerClient(options: {
  url: string;
  readToken: () => Promise<string>;
  deadlineMs: number;
}): Manager {
  const { url, readToken, deadlineMs } = options;
  const base = url.replace(/\/+$/, '');
  const agent = url.startsWith('https:') ? new HttpsAgent(agentOptions) : new HttpAgent(agentOptions);

  async function ask<T = undefined>(
    request: Pick<JsonRequest<T>, 'method' | 'body' | 'answer' | 'signal'> & { path: string },
  ) {
    const { path, ...rest } = request;
    const startedAt = performance.now();
    for (;;) {
      try {
        return await requestJson<T>({ ...rest, url: base + path, token: await readToken(), deadlineMs, agent });
      } catch (error) {
        if (isAbort(error)) throw error;
        if (!isConnectionRefused(error) || performance.now() - startedAt > refusedRetry.forMs)
          throw forVisitor(toServiceError(error));
      }
      await delay(refusedRetry.pauseMs, undefined, rest.signal && { signal: rest.signal });
    }
  }

  const answer = claimAnswerSchema;
  const one = ({ visitor, pool }: Target, path: string = paths.terminal) =>
    path.replace('{visitor}', visitor) + (pool === undefined ? '' : `?pool=${encodeURIComponent(pool)}`);
  return {
    claim: (target, signal) => ask({ method: 'POST', path: paths.terminals, body: target, answer, signal }),
    restart: (target, signal) => ask({ method: 'POST', path: paths.restart, body: target, answer, signal }),
    leave: (target) => ask({ method: 'DELETE', path: one(target, paths.place) }),
    find: (target) => ask({ method: 'GET', path: one(target), answer: terminalSchema }),
    release: (target) => ask({ method: 'DELETE', path: one(target) }),
    list: (visitor) => {
      const path = paths.visitorTerminals.replace('{visitor}', visitor);
      return ask({ method: 'GET', path, answer: terminalListSchema });
    },
    createLink: (visitor, link) =>
      ask({ method: 'POST', path: one({ visitor, pool: undefined }, paths.links), body: link, answer: linkSchema }),
    revokeLinks: (target) => ask({ method: 'DELETE', path: one(target, paths.links) }),
    openLink: (request) => ask({ method: 'POST', path: paths.openLink, body: request, answer: sharedTerminalSchema }),
    pools: () => ask({ method: 'GET', path: paths.pools, answer: poolsSchema }),
    keys: () => ask({ method: 'GET', path: paths.jwks, answer: keySetSchema }),
  };
}

// If the manager rejects this webserver, that is not the visitor's fault: report it as `unavailable`.
function forVisitor(error: ServiceError): ServiceError {
  if (error.code !== 'unauthenticated' && error.code !== 'forbidden') return error;
  const message = 'The manager does not accept the token of this webserver. The log of the manager has the reason.';
  return new ServiceError('unavailable', message, { cause: error });
}
