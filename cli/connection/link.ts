// A connection to a terminal that reconnects: each time with a new ticket, for the existing claim only, and by the route that works
// (common/route.ts). Independent of the protocol on it.

import { setTimeout as delay } from 'node:timers/promises';
import type { Socket } from 'socket.io-client';
import { pauseMs } from '../../common/backoff.ts';
import { attemptAt, blockedAfter, forPage, missedAfter } from '../../common/route.ts';
import type { Opened, paths } from '../../common/terminals-api.ts';
import { type Api, ApiError, queryOf, type Target, targetQuery } from '../api/api.ts';
import { toFailure } from '../api/claim.ts';
import { Failure } from '../failure.ts';
import { agentFor } from '../proxy.ts';
import { DialError, dial } from './dial.ts';

const relayPath: typeof paths.relay = '/api/terminals/current/relay';
/** After this many refused tickets, give up. */
const maxRefusals = 4;
/** A connection that ends sooner counts as a failure. */
const lastingMs = 5_000;
/** How long to retry a terminal that was never reached, as long as a claim; and one that was. A run without its client ends before. */
const [firstPatienceMs, laterPatienceMs] = [60_000, 600_000];

export type LinkOptions = {
  api: Api;
  target: Target;
  /** With an unused ticket; undefined: the link requests one. */
  first: Opened | undefined;
  namespace: '/' | '/runs';
  /** For each handshake. */
  auth: () => Record<string, unknown>;
  /** Adds listeners to each new socket. */
  prepare: (socket: Socket) => void;
  /** The socket is open. */
  onConnected: (socket: Socket) => void;
  onLost: () => void;
};

/** The terminal has ended. */
export class TerminalGone extends Failure {}

/** Runs until `signal` is aborted. Throws a Failure if the terminal is gone, or unreachable for too long. */
export async function runLink(options: LinkOptions, signal: AbortSignal): Promise<void> {
  const { api, target, auth, prepare } = options;
  let opened = options.first;
  // A later pod may have the same name.
  let known = identityOf(opened);
  let [failures, refusals, missed] = [0, 0, 0];
  let since = Date.now();
  let connectedOnce = false;
  while (!signal.aborted) {
    try {
      opened ??= await reopen(api, target, signal);
      known ??= identityOf(opened);
      if (identityOf(opened) !== known) throw gone();
      const server = new URL(api.server);
      const reachable = forPage(opened, server.protocol);
      const { route, patienceMs } = attemptAt(reachable, missed);
      const url = route === 'direct' ? opened.url : server.origin;
      const socket = await dial(
        {
          url,
          ...(route === 'direct'
            ? { path: '/socket.io', query: {} }
            : { path: server.pathname.replace(/\/$/, '') + relayPath, query: targetQuery(target) }),
          namespace: options.namespace,
          auth: auth(),
          ticket: opened.ticket,
          agent: await agentFor(url),
          patienceMs,
        },
        prepare,
        signal,
      ).catch((error) => {
        if (error instanceof DialError && error.how !== 'refused' && reachable.relay === 'fallback')
          missed = missedAfter(missed, route);
        throw error;
      });
      if (route === 'direct') missed = 0;
      refusals = 0;
      connectedOnce = true;
      const began = Date.now();
      const over = new Promise<void>((resolve) => socket.once('disconnect', () => resolve()));
      options.onConnected(socket);
      if (socket.connected) await over;
      since = Date.now();
      failures = since - began >= lastingMs ? 0 : failures + 1;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof DialError) {
        if (error.how === 'refused' && ++refusals >= maxRefusals)
          throw new Failure(`The terminal refuses the connection: ${error.message}`, { cause: error });
      } else if (error instanceof ApiError) {
        if (error.code === 'session-not-found') throw gone();
        if (!error.retryable) throw toFailure(error);
      } else throw error;
      failures += 1;
      if (Date.now() - since > (connectedOnce ? laterPatienceMs : firstPatienceMs))
        throw new Failure(`The terminal cannot be reached: ${(error as Error).message}`, { cause: error });
    }
    opened = undefined;
    if (signal.aborted) return;
    options.onLost();
    // No pause before the other route, or before the first reconnect.
    if (failures > 1 && missed < blockedAfter)
      await delay(pauseMs(failures - 1, Math.random()), undefined, { signal }).catch(() => {});
  }
}

const gone = () =>
  new TerminalGone('The terminal has ended before the command did: it was deleted, or its machine is lost.');

const identityOf = (opened: Opened | undefined) => opened && `${opened.name} ${opened.claimedAt}`;

/** A ticket for the present terminal. */
export async function reopen(api: Api, target: Target, signal: AbortSignal): Promise<Opened> {
  const answer = await api.open(target, { existing: true }, signal);
  if (answer.status === 'waiting') {
    await api.leave(target).catch(() => {});
    throw new ApiError('session-not-found', `There is no terminal${queryOf(target)}.`, { retryable: false });
  }
  return answer;
}
