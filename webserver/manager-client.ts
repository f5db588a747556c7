// What the webserver asks of the manager: one function per request, each with a deadline and the service's own token.

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
  type Promised,
  paths,
  poolsSchema,
  type Terminal,
  type TerminalList,
  terminalListSchema,
  terminalSchema,
} from '../common/manager-api.ts';

type Pools = z.infer<typeof poolsSchema>;

/** Who claims (common/claimant.ts) and, if one is asked for, a pool. */
export type Wish = { visitor: string; pool: string | undefined };

/** A wish for a terminal: from which network, with the place and the time that the visitor was last told of, and with or without work done. */
export type ClaimWish = Wish & {
  address: string;
  place: number | undefined;
  promised: Promised | undefined;
  challenge: 'solved' | 'unsolved';
  /** Claims nothing: the terminal that is there, or `session-not-found`. */
  existing?: boolean | undefined;
};

export type Manager = {
  /** The visitor's terminal, claimed now if there was none; or a place. `signal` is aborted when the visitor does not wait. */
  claim(wish: ClaimWish, signal: AbortSignal): Promise<ClaimAnswer>;
  /** Ends the visitor's terminal and claims another. */
  restart(wish: ClaimWish, signal: AbortSignal): Promise<ClaimAnswer>;
  /** The visitor waits no more. */
  leave(wish: Wish): Promise<void>;
  /** Throws `session-not-found` when the visitor has none. */
  find(wish: Wish): Promise<Terminal>;
  release(wish: Wish): Promise<void>;
  /** All terminals of a visitor. */
  list(visitor: string): Promise<TerminalList>;
  pools(): Promise<Pools>;
  /** By which its tickets are verified. */
  keys(): Promise<JSONWebKeySet>;
};

// A manager that has just started, or just ended, is known to all nodes as such up to a second later: until then its
// Service refuses connections. What was never sent can be sent again.
const refusals = { forMs: 1_500, pauseMs: 100 };

// Less than for how long the manager keeps a connection on which nothing is said (Node: five seconds): one that it closes just as
// it is used again would fail the visitor.
const keep = { keepAlive: true, timeout: 4_000 };

/** A client of the manager at `url`; `readToken` is called for every request. */
export function createManagerClient(options: {
  url: string;
  readToken: () => Promise<string>;
  deadlineMs: number;
}): Manager {
  const { url, readToken, deadlineMs } = options;
  const base = url.replace(/\/+$/, '');
  const agent = url.startsWith('https:') ? new HttpsAgent(keep) : new HttpAgent(keep);

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
        if (!isConnectionRefused(error) || performance.now() - startedAt > refusals.forMs)
          throw forVisitor(toServiceError(error));
      }
      await delay(refusals.pauseMs, undefined, rest.signal && { signal: rest.signal });
    }
  }

  const answer = claimAnswerSchema;
  const one = ({ visitor, pool }: Wish, path: string = paths.terminal) =>
    path.replace('{visitor}', visitor) + (pool === undefined ? '' : `?pool=${encodeURIComponent(pool)}`);
  return {
    claim: (wish, signal) => ask({ method: 'POST', path: paths.terminals, body: wish, answer, signal }),
    restart: (wish, signal) => ask({ method: 'POST', path: paths.restart, body: wish, answer, signal }),
    leave: (wish) => ask({ method: 'DELETE', path: one(wish, paths.place) }),
    find: (wish) => ask({ method: 'GET', path: one(wish), answer: terminalSchema }),
    release: (wish) => ask({ method: 'DELETE', path: one(wish) }),
    list: (visitor) => {
      const path = paths.visitorTerminals.replace('{visitor}', visitor);
      return ask({ method: 'GET', path, answer: terminalListSchema });
    },
    pools: () => ask({ method: 'GET', path: paths.pools, answer: poolsSchema }),
    keys: () => ask({ method: 'GET', path: paths.jwks, answer: keySetSchema }),
  };
}

// A manager that does not accept this webserver is our trouble: told as such, it would read as the visitor's fault.
function forVisitor(error: ServiceError): ServiceError {
  if (error.code !== 'unauthenticated' && error.code !== 'forbidden') return error;
  const message = 'The manager does not accept this webserver.';
  return new ServiceError('unavailable', message, { cause: error });
}
