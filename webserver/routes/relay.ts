// The relay: the visitor's WebSocket, passed on to the visitor's own terminal, for browsers that cannot reach it. The ticket in
// the request says whose it is, and the manager where that terminal is. Whether the socket may stay the terminal decides, by the
// same ticket (inv 8). Without a ticket there is nothing to relay: such a request costs no place and nobody's time.

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
import type { Places } from '../relay/places.ts';
import { type Handshake, openPodSocket } from '../relay/pod-socket.ts';
import type { RelayProblems } from '../relay/problems.ts';
import type { ReadTicket } from '../relay/read-ticket.ts';

// Less than a page waits for a socket, so that it hears what is wrong. Pods are near.
const podDeadlineMs = 3_000;

export function relayRoutes(options: {
  manager: Manager;
  log: Logger;
  logRefusal: RefusalLog;
  readTicket: ReadTicket;
  places: Places;
  problems: Pick<RelayProblems, 'note' | 'clear'>;
  defaultPool: string | undefined;
}): Router {
  const { manager, log, logRefusal, readTicket, places, problems, defaultPool } = options;

  return Router().get(paths.relay, async (request, response) => {
    const signal = clientGoneSignal(response);
    const missing = missingHeader(request);
    if (missing !== undefined) await refuseWithoutUpgrade(request, response, missing);
    const handshake = readHandshake(request);
    const { pool = defaultPool, run } = parseBody(relayQuerySchema, request.query);
    const { sub: visitor } = await readTicket(handshake.ticket);
    signal.throwIfAborted();
    try {
      if (run !== undefined && run !== runOf(visitor)) {
        throw new ServiceError('invalid-ticket', 'The ticket is not for this run.');
      }
      request.socket.once('close', places.take(visitor));
      releaseConnection(request.socket);
      const terminal = await manager.find({ visitor, pool });
      if (!terminal.podAddress) throw new ServiceError('unavailable', 'The terminal has no address yet.');
      const pod = await openPodSocket(terminal.podAddress, handshake, { deadlineMs: podDeadlineMs, signal });
      problems.clear(visitor);
      join(switchProtocol(response, pod.accept), pod.socket);
      log.info({ terminal: terminal.name }, 'terminal relayed');
    } catch (error) {
      if (error instanceof ServiceError) problems.note(visitor, { code: error.code, detail: error.message });
      throw error;
    }
  });

  /** Throws. A browser has sent the header, which each proxy on the way has to pass on (RFC 9110, 7.6.1). */
  async function refuseWithoutUpgrade(request: Request, response: Response, missing: string): Promise<never> {
    response.set({ connection: 'Upgrade', upgrade: 'websocket' });
    if (request.get('sec-websocket-key') === undefined) {
      throw new ServiceError('upgrade-required', 'This is the address of a WebSocket.');
    }
    const sentence = withoutUpgrade(missing);
    logRefusal(sentence);
    const ticket = offeredTicket(request.get('sec-websocket-protocol'));
    const read = ticket === undefined ? undefined : await readTicket(ticket).catch(() => undefined);
    if (read) problems.note(read.sub, { code: 'upgrade-required', detail: sentence });
    throw new ServiceError('upgrade-required', sentence);
  }
}

/** The header without which this is no request for a WebSocket. */
function missingHeader(request: Request): string | undefined {
  if (isUpgrade(request, 'websocket')) return undefined;
  return request.get('upgrade')?.toLowerCase() === 'websocket' ? 'Connection: Upgrade' : 'Upgrade: websocket';
}

const withoutUpgrade = (missing: string) =>
  `A WebSocket came without the header ${missing}: a proxy in front drops it. nginx needs proxy_http_version 1.1 and ` +
  'proxy_set_header for Upgrade and Connection; Apache needs ProxyPass with upgrade=websocket.';

function readHandshake(request: Request): Handshake {
  const key = request.get('sec-websocket-key');
  const version = request.get('sec-websocket-version');
  if (!key || !version) throw new ServiceError('invalid-request', 'This is no handshake of a WebSocket.');
  const ticket = offeredTicket(request.get('sec-websocket-protocol'));
  if (ticket === undefined) throw new ServiceError('invalid-ticket', 'The WebSocket must bring a ticket.');
  return { key, version, ticket };
}

/** Answers that the connection is a WebSocket from now on, and takes it over. */
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
