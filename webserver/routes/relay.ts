// The relay: forwards the visitor's WebSocket to the visitor's own terminal, for browsers that cannot reach it. The ticket in the request
// identifies the visitor, and the manager knows that visitor's terminal. The terminal itself checks the same ticket (inv 8). A request
// without a ticket is refused before it costs anything.

import { type Request, type Response, Router } from 'express';
import { runOf } from '../../common/claimant.ts';
import { ServiceError } from '../../common/errors.ts';
import { clientGoneSignal } from '../../common/http/client-gone.ts';
import { releaseConnection } from '../../common/http/limit-connections.ts';
import { isUpgrade, takeOver } from '../../common/http/upgrade.ts';
import type { Logger } from '../../common/log.ts';
import { offeredTicket, socketProtocol } from '../../common/socket-protocol.ts';
import { paths, relayQuerySchema } from '../../common/terminals-api.ts';
import type { Manager } from '../manager-client.ts';
import { parseBody } from '../parse-body.ts';
import type { RefusalLog } from '../refusal-log.ts';
import { join } from '../relay/join.ts';
import { type Handshake, openPodSocket } from '../relay/pod-socket.ts';
import type { RelayProblems } from '../relay/problems.ts';
import type { ReadTicket } from '../relay/read-ticket.ts';
import type { RelayLimit } from '../relay/relay-limit.ts';

// Less than the page's own timeout, so that the page learns the reason. Pods are near.
const podDeadlineMs = 3_000;

export function relayRoutes(options: {
  manager: Manager;
  log: Logger;
  logRefusal: RefusalLog;
  readTicket: ReadTicket;
  relayLimit: RelayLimit;
  problems: Pick<RelayProblems, 'note' | 'clear'>;
  defaultPool: string | undefined;
}): Router {
  const { manager, log, logRefusal, readTicket, relayLimit, problems, defaultPool } = options;

  return Router().get(paths.relay, async (request, response) => {
    const signal = clientGoneSignal(response);
    const missing = missingHeader(request);
    if (missing !== undefined) await refuseWithoutUpgrade(request, response, missing);
    const handshake = readHandshake(request);
    const { pool = defaultPool, run } = parseBody(relayQuerySchema, request.query);
    const { sub: visitor, guest } = await readTicket(handshake.ticket);
    // A guest uses up no connection of the owner, and learns of their own refusal only.
    const person = guest ? `${visitor} ${guest.id}` : visitor;
    signal.throwIfAborted();
    try {
      if (run !== undefined && run !== runOf(visitor)) {
        throw new ServiceError('invalid-ticket', 'The ticket is not for this run.');
      }
      request.socket.once('close', relayLimit.acquire(person));
      releaseConnection(request.socket);
      const terminal = await manager.find({ visitor, pool });
      if (!terminal.podAddress) throw new ServiceError('unavailable', 'The terminal has no address yet.');
      const pod = await openPodSocket(terminal.podAddress, handshake, { deadlineMs: podDeadlineMs, signal });
      problems.clear(person);
      join(switchProtocol(response, pod.accept), pod.socket);
      log.info({ terminal: terminal.name }, 'relaying a WebSocket to the terminal');
    } catch (error) {
      if (error instanceof ServiceError) problems.note(person, { code: error.code, detail: error.message });
      throw error;
    }
  });

  /** Throws. The browser sent the header, and each proxy has to pass it on (RFC 9110, 7.6.1). */
  async function refuseWithoutUpgrade(request: Request, response: Response, missing: string): Promise<never> {
    response.set({ connection: 'Upgrade', upgrade: 'websocket' });
    if (request.get('sec-websocket-key') === undefined) {
      throw new ServiceError('upgrade-required', 'This endpoint accepts WebSockets only.');
    }
    const sentence = withoutUpgrade(missing);
    logRefusal(sentence);
    const ticket = offeredTicket(request.get('sec-websocket-protocol'));
    const read = ticket === undefined ? undefined : await readTicket(ticket).catch(() => undefined);
    if (read && !read.guest) problems.note(read.sub, { code: 'upgrade-required', detail: sentence });
    throw new ServiceError('upgrade-required', sentence);
  }
}

/** The missing header that makes a request one for a WebSocket. */
function missingHeader(request: Request): string | undefined {
  if (isUpgrade(request, 'websocket')) return undefined;
  return request.get('upgrade')?.toLowerCase() === 'websocket' ? 'Connection: Upgrade' : 'Upgrade: websocket';
}

const withoutUpgrade = (missing: string) =>
  `A WebSocket request arrived without the header ${missing}: a proxy in front removes it. nginx needs proxy_http_version 1.1 and ` +
  'proxy_set_header for Upgrade and Connection; Apache needs ProxyPass with upgrade=websocket.';

function readHandshake(request: Request): Handshake {
  const key = request.get('sec-websocket-key');
  const version = request.get('sec-websocket-version');
  if (!key || !version)
    throw new ServiceError(
      'invalid-request',
      'This is not a WebSocket handshake: Sec-WebSocket-Key or Sec-WebSocket-Version is missing.',
    );
  const ticket = offeredTicket(request.get('sec-websocket-protocol'));
  if (ticket === undefined)
    throw new ServiceError(
      'invalid-ticket',
      'The WebSocket has no ticket: offer the subprotocol warmterm and, after it, the ticket.',
    );
  return { key, version, ticket };
}

/** Answers 101 and takes over the connection. */
function switchProtocol(response: Response, accept: string) {
  const browser = takeOver(response);
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Connection: Upgrade',
    'Upgrade: websocket',
    `Sec-WebSocket-Accept: ${accept}`,
    `Sec-WebSocket-Protocol: ${socketProtocol}`,
  ];
  browser.write(`${lines.join('\r\n')}\r\n\r\n`);
  return browser;
}
