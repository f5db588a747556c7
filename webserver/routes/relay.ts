// The relay: the visitor's WebSocket, passed on to the visitor's own terminal, for browsers that cannot reach it. Which
// terminal that is the manager says, by who asks; whether the socket may stay the terminal decides, by its ticket (inv 8).

import { type Request, type Response, Router } from 'express';
import { ServiceError } from '../../common/errors.ts';
import { hangUp } from '../../common/http/hang-up.ts';
import { isUpgrade, takeOver } from '../../common/http/upgrade.ts';
import type { Logger } from '../../common/log.ts';
import { paths, relayQuerySchema } from '../../common/terminals-api.ts';
import type { Visitors } from '../identity/visitor.ts';
import type { Manager } from '../manager-client.ts';
import { parseBody } from '../parse-body.ts';
import { join } from '../relay/join.ts';
import type { Places } from '../relay/places.ts';
import { type Handshake, openPodSocket } from '../relay/pod-socket.ts';
import { requireSameOriginSocket } from '../same-origin.ts';

// Less than a page waits for a socket, so that it hears what is wrong. Pods are near.
const podDeadlineMs = 3_000;

export function relayRoutes(options: {
  manager: Manager;
  log: Logger;
  visitors: Visitors;
  places: Places;
  defaultPool: string | undefined;
}): Router {
  const { manager, log, visitors, places, defaultPool } = options;

  return Router().get(paths.relay, requireSameOriginSocket, async (request, response) => {
    const handshake = readHandshake(request);
    const { pool = defaultPool } = parseBody(relayQuerySchema, request.query);
    const visitor = visitors.identify(request, response);
    request.socket.once('close', places.take(visitor));
    const signal = hangUp(response);

    const terminal = await manager.find({ visitor, pool });
    if (!terminal.podAddress) throw new ServiceError('unavailable', 'The terminal has no address yet.');
    const pod = await openPodSocket(terminal.podAddress, handshake, { deadlineMs: podDeadlineMs, signal });
    join(switchProtocol(response, pod.accept), pod.socket);
    log.info({ terminal: terminal.name }, 'terminal relayed');
  });
}

function readHandshake(request: Request): Handshake {
  const key = request.get('sec-websocket-key');
  const version = request.get('sec-websocket-version');
  if (!isUpgrade(request, 'websocket') || !key || !version) {
    throw new ServiceError('invalid-request', 'This is the address of a WebSocket.');
  }
  return { key, version };
}

/** Answers that the connection is a WebSocket from now on, and takes it over. */
function switchProtocol(response: Response, accept: string) {
  const browser = takeOver(response);
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Connection: Upgrade',
    'Upgrade: websocket',
    `Sec-WebSocket-Accept: ${accept}`,
  ];
  browser.write(`${lines.join('\r\n')}\r\n\r\n`);
  return browser;
}
