// A manager double over real HTTP. It keeps claims in memory and answers by the schemas of common/manager-api.ts, unless
// a test makes it misbehave.

import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { ownerOf, runOf } from '../../common/claimant.ts';
import { ServiceError } from '../../common/errors.ts';
import { problemType, toProblem } from '../../common/http/problem.ts';
import {
  type Address,
  type Claim,
  claimRequestSchema,
  claimSchema,
  linkRequestSchema,
  openLinkRequestSchema,
  type PodAddress,
  paths,
  poolsSchema,
  terminalListSchema,
  type Waiting,
  waitingSchema,
} from '../../common/manager-api.ts';
import { createTicketSigner } from '../../manager/tickets/keys.ts';
import { listen, type Teardown } from './webserver-listen.ts';

export const managerToken = 'the token of this webserver';

export type Recorded = { method: string; path: string; authorization: string | undefined; body: unknown };

/** Replaces the usual answer: an error, `hang` (never answers), or a status with any body. */
export type Misbehaviour = ServiceError | 'hang' | { status: number; body: string };

/** A position in the queue. */
export type Line = Omit<Waiting, 'status' | 'pool'>;

export type ManagerDouble = {
  url: string;
  requests: Recorded[];
  /** When its terminals expire. */
  expiresAt: string;
  /** The address of its terminals for browsers. */
  address: Address;
  /** The address of its terminals for the webserver; undefined: none. */
  podAddress: PodAddress | undefined;
  /** Called for each request. */
  misbehave: (request: Recorded) => Misbehaviour | undefined;
  /** How the visitor's previous terminal ended, if known. */
  former: Claim['former'];
  /** A ticket for one connection of the visitor. */
  ticket: (visitor: string) => Promise<string>;
  /** Resolves once a client cancels a request before its answer. */
  hungUp: () => Promise<void>;
  /** Sets the position of visitors without a terminal, and sends each change. undefined: they get a terminal. */
  moveTo: (line: Line | undefined) => void;
  /** Ends every terminal, so the next claims get new ones. */
  forgetAll: () => void;
};

export async function startManager(t: Teardown): Promise<ManagerDouble> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const signer = await createTicketSigner(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  const claims = new Map<string, Omit<Claim, 'status' | 'ticket'>>();
  const links = new Map<string, [role: string, Omit<Claim, 'status' | 'ticket'>]>();
  let count = 0;
  let line: Line | undefined;
  const moves = new EventTarget();
  let onHungUp = () => {};
  const hungUp = new Promise<void>((resolve) => {
    onHungUp = resolve;
  });
  const double: ManagerDouble = {
    url: '',
    requests: [],
    address: { protocol: 'http', host: '192.0.2.7', port: 30_123 },
    podAddress: undefined,
    expiresAt: new Date(Date.UTC(2126, 0, 1)).toISOString(),
    misbehave: () => undefined,
    former: undefined,
    ticket: (visitor) =>
      signer.sign({ aud: 'uid', sub: visitor, jti: randomUUID(), claim: 'claim', role: 'owner' }, Date.now()),
    hungUp: () => hungUp,
    moveTo(next) {
      line = next;
      moves.dispatchEvent(new Event('move'));
    },
    forgetAll: () => claims.clear(),
  };

  async function claim(body: unknown): Promise<{ status: number; body: unknown }> {
    const { visitor, pool = 'default', place, existing } = claimRequestSchema.parse(body);
    if (existing && !claims.has(visitor)) throw noTerminal();
    if (line && line.place === place) await once(moves, 'move');
    if (line && !claims.has(visitor)) {
      return { status: 202, body: waitingSchema.parse({ ...line, status: 'waiting', pool }) };
    }
    const status = claims.has(visitor) ? 'reconnected' : 'new';
    const held = claims.get(visitor) ?? createTerminal(pool, count++, double);
    claims.set(visitor, held);
    const answer = claimSchema.parse({ ...held, status, ticket: await double.ticket(visitor), former: double.former });
    return { status: status === 'new' ? 201 : 200, body: answer };
  }

  async function answer({ method, path, body }: Recorded): Promise<{ status: number; body?: unknown }> {
    if (method === 'POST' && path === '/api/terminals') return claim(body);
    if (method === 'POST' && path === '/api/terminals/restart') {
      claims.delete(claimRequestSchema.parse(body).visitor);
      return claim(body);
    }
    if (method === 'GET' && path === paths.jwks) return { status: 200, body: signer.jwks };
    if (method === 'GET' && path === '/api/pools') return { status: 200, body: somePools };
    if (method === 'DELETE' && path.startsWith('/api/places/')) return { status: 204 };
    if (method === 'GET' && path.startsWith('/api/visitors/')) return { status: 200, body: list(path.split('/')[3]!) };
    if (method === 'POST' && path === paths.openLink) {
      const { token } = openLinkRequestSchema.parse(body);
      const [role, held] = links.get(token) ?? [];
      if (!role || !held) throw new ServiceError('link-ended', 'This link does not work any more.');
      return { status: 200, body: { ...held, role, ticket: 'a ticket for a guest' } };
    }
    const ofLinks = /^\/api\/terminals\/([^/]+)\/links/.exec(path)?.[1];
    if (ofLinks !== undefined) {
      const held = claims.get(ofLinks);
      if (!held) throw noTerminal();
      if (method === 'DELETE') {
        links.clear();
        return { status: 204 };
      }
      const { role, expiresInMs } = linkRequestSchema.parse(body);
      const token = `token-${links.size}`;
      links.set(token, [role, held]);
      return { status: 201, body: { token, expiresAt: new Date(Date.now() + expiresInMs).toISOString() } };
    }
    const visitor = path.replace('/api/terminals/', '').replace(/\?.*/, '');
    const held = claims.get(visitor);
    if (!held) throw noTerminal();
    if (method === 'GET') return { status: 200, body: held };
    claims.delete(visitor);
    return { status: 204 };
  }

  const list = (owner: string) =>
    terminalListSchema.parse({
      terminals: [...claims]
        .filter(([visitor]) => ownerOf(visitor) === owner)
        .map(([visitor, terminal]) => ({ ...terminal, run: runOf(visitor) })),
    });

  const { url } = await listen(t, async (request, response) => {
    const recorded = await record(request);
    double.requests.push(recorded);
    const bad = double.misbehave(recorded);
    if (bad === 'hang') return void response.once('close', onHungUp);
    if (bad && !(bad instanceof ServiceError)) return void response.writeHead(bad.status).end(bad.body);
    try {
      if (bad) throw bad;
      const { status, body } = await answer(recorded);
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(body === undefined ? undefined : JSON.stringify(body));
    } catch (error) {
      const problem = toProblem(error instanceof ServiceError ? error : new ServiceError('internal', String(error)));
      response.writeHead(problem.status, { 'content-type': problemType }).end(JSON.stringify(problem));
    }
  });
  double.url = url;
  return double;
}

const noTerminal = () => new ServiceError('session-not-found', 'This visitor has no terminal.');

function createTerminal(pool: string, ordinal: number, { address, podAddress, expiresAt }: ManagerDouble) {
  const claimedAt = new Date(Date.UTC(2026, 0, 1, 9, 0, ordinal)).toISOString();
  return {
    name: `${pool}-${ordinal}`,
    uid: `uid-${ordinal}`,
    pool,
    address,
    ...(podAddress && { podAddress }),
    claimedAt,
    expiresAt,
    idleTimeoutMs: 900_000,
  };
}

async function record(request: IncomingMessage): Promise<Recorded> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    authorization: request.headers.authorization,
    body: text === '' ? undefined : JSON.parse(text),
  };
}

/** A pool in the middle of a workshop. */
export const somePools = poolsSchema.parse({
  pools: [
    {
      name: 'workshop',
      replicas: 6,
      ready: 1,
      inUse: 4,
      recreating: 1,
      broken: 0,
      spare: 1,
      waiting: 0,
      windows: [
        {
          name: 'git-course',
          from: minutesAgo(20),
          to: minutesAgo(-160),
          state: 'open',
          seats: 6,
          taken: 4,
          ready: 1,
        },
      ],
      settings: {
        spare: 1,
        min: 0,
        max: 6,
        idleTimeoutMs: 900_000,
        maxLifetimeMs: 21_600_000,
        connectTimeoutMs: 120_000,
        scaleDownDelayMs: 300_000,
        maxWaiting: 200,
        maxWaitingPerAddress: 'none',
        startTimeoutMs: 300_000,
        silenceTimeoutMs: 300_000,
        maxPerVisitor: 'none',
        maxPerAddress: 'none',
        claimsPerMinute: 'none',
        challengeFrom: 'none',
      },
      problems: [],
      pods: [
        { name: 'workshop-0', ordinal: 0, state: 'ready' },
        {
          name: 'workshop-1',
          ordinal: 1,
          state: 'in-use',
          claimedAt: minutesAgo(42),
          connectedAt: minutesAgo(42),
          connections: 1,
          lastInputAt: minutesAgo(0),
        },
        {
          name: 'workshop-2',
          ordinal: 2,
          state: 'in-use',
          claimedAt: minutesAgo(41),
          connectedAt: minutesAgo(41),
          connections: 2,
          lastInputAt: minutesAgo(17),
        },
        { name: 'workshop-3', ordinal: 3, state: 'in-use', claimedAt: minutesAgo(5) },
        {
          name: 'workshop-4',
          ordinal: 4,
          state: 'in-use',
          claimedAt: minutesAgo(38),
          connectedAt: minutesAgo(38),
          connections: 0,
          lastInputAt: minutesAgo(3),
        },
        { name: 'workshop-5', ordinal: 5, state: 'recreating' },
      ],
    },
  ],
});

function minutesAgo(minutes: number): string {
  return new Date(Date.now() - minutes * 60_000).toISOString();
}
