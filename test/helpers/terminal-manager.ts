// A manager double for a terminal: its keys, its endpoint for reports, its answer to "delete me". It is a real HTTP server
// and signs each ticket; the test sets the rest.

import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { type Report, type ReportAnswer, reportSchema } from '../../common/manager-api.ts';
import { type Ticket, ticketAlgorithm, ticketIssuer } from '../../common/ticket.ts';
import { freePort } from '../../local/ports.ts';
import { Journal } from './terminal-journal.ts';
import type { Teardown } from './webserver-listen.ts';

export const podUid = 'uid-of-the-pod';
export const podToken = 'token-of-the-pod';

export type TicketWish = Partial<Omit<Ticket, 'iss'>> & {
  iss?: string;
  key?: Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];
  kid?: string;
};

export type TestManager = Awaited<ReturnType<typeof startManager>>;

export async function startManager(t: Teardown, options: { idleTimeoutMs?: number } = {}) {
  const keys = await generateKeyPair(ticketAlgorithm, { extractable: true });
  const reports = new Journal<Report>('reports');
  const deletes = new Journal<number>('deletes');
  const ends = new Journal<unknown>('reasons of deletes');
  const keyRequests = new Journal<number>('requests for keys');
  const state = {
    kid: 'first',
    publicKey: keys.publicKey,
    privateKey: keys.privateKey,
    answer: { idleTimeoutMs: options.idleTimeoutMs ?? 900_000 } as Omit<ReportAnswer, 'now'>,
    /** When the session expires, by the manager's clock. */
    expiresAt: undefined as number | undefined,
    /** The lifetime of a session from its first report; undefined: unlimited. */
    livesMs: undefined as number | undefined,
    /** Who deleted the pod, in each later report's answer; undefined: unknown. */
    endedBy: undefined as ReportAnswer['endedBy'],
    /** Answers everything with 503. */
    away: false,
  };

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const say = (status: number, body?: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(body === undefined ? undefined : JSON.stringify(body));
    };
    const call = `${request.method} ${request.url}`;
    if (call === 'GET /.well-known/jwks.json') {
      keyRequests.add(Date.now());
      if (state.away) return say(503);
      const jwk = { ...(await exportJWK(state.publicKey)), kid: state.kid, alg: ticketAlgorithm, use: 'sig' };
      return say(200, { keys: [jwk], now: new Date().toISOString() });
    }
    if (call === 'DELETE /api/self') deletes.add(Date.now());
    if (state.away) return say(503);
    if (request.headers.authorization !== `Bearer ${podToken}`) return say(401);
    let text = '';
    for await (const piece of request) text += piece;
    if (call === 'DELETE /api/self') {
      ends.add(JSON.parse(text));
      return say(202);
    }
    if (call !== 'POST /api/self/report') return say(404);
    reports.add(reportSchema.parse(JSON.parse(text)));
    const now = Date.now();
    if (state.livesMs !== undefined) state.expiresAt ??= now + state.livesMs;
    say(200, {
      now: new Date(now).toISOString(),
      ...state.answer,
      ...(state.expiresAt !== undefined && { expiresInMs: state.expiresAt - now }),
      ...(state.endedBy && { endedBy: state.endedBy }),
    });
  };
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  t.teardown(close);

  return {
    url: `http://127.0.0.1:${port}`,
    state,
    reports,
    deletes,
    ends,
    keyRequests,
    /** Stops listening, so connections are refused. */
    goAway: close,
    comeBack: () => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve)),
    /** A ticket for this pod, valid unless the options make it invalid. */
    ticket: (wish: TicketWish = {}) => {
      const { key = state.privateKey, kid = state.kid, ...claims } = wish;
      const now = Math.floor(Date.now() / 1_000);
      const payload = {
        iss: ticketIssuer,
        aud: podUid,
        sub: 'visitor-of-the-pod',
        jti: randomUUID(),
        claim: 'claim-of-the-pod',
        role: 'owner',
        iat: now,
        exp: now + 60,
        ...(claims.role && claims.role !== 'owner' && { guest: { id: randomUUID(), name: 'Guest' } }),
        ...claims,
      };
      return new SignJWT(payload).setProtectedHeader({ alg: ticketAlgorithm, kid }).sign(key);
    },
  };
}
