// Refuses a WebSocket with a reason. A page cannot read the status of a failed upgrade. So the WebSocket opens, sends the reason in the form
// of socket.io and closes: in one write, without any state.

import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { heartbeat, type Refusal } from '../common/socket.ts';
import { socketProtocol } from '../common/socket-protocol.ts';

// RFC 6455, 1.3
const keySuffix = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const opcodes = { text: 1, close: 8 } as const;
const policyViolation = Buffer.from([1_008 >> 8, 1_008 & 0xff]);

/** Answers the upgrade `request` with `message` and `code`, and closes its connection without reading more. */
export function refuse(request: IncomingMessage, { message, code }: { message: string } & Refusal): void {
  const { socket } = request;
  const key = request.headers['sec-websocket-key'];
  if (!key)
    return void socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n').resume();
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Connection: Upgrade',
    'Upgrade: websocket',
    `Sec-WebSocket-Accept: ${createHash('sha1')
      .update(key + keySuffix)
      .digest('base64')}`,
  ];
  // A browser fails a WebSocket whose server selects a protocol that it did not offer.
  const offered = request.headers['sec-websocket-protocol']?.split(',')[0]?.trim();
  if (offered === socketProtocol) lines.push(`Sec-WebSocket-Protocol: ${socketProtocol}`);
  socket
    .end(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), ...frames(message, code)]))
    // Read to the end: closing a connection with unread data resets it, and may lose what was sent.
    .resume();
}

// Engine.IO's `open`, and Socket.IO's CONNECT_ERROR in an Engine.IO message.
// https://socket.io/docs/v4/engine-io-protocol/ https://socket.io/docs/v4/socket-io-protocol/
const frames = (message: string, code: Refusal['code']): Buffer[] => [
  frame(opcodes.text, Buffer.from(`0${JSON.stringify({ sid: 'refused', upgrades: [], ...heartbeat, maxPayload: 0 })}`)),
  frame(opcodes.text, Buffer.from(`44${JSON.stringify({ message, data: { code } satisfies Refusal })}`)),
  frame(opcodes.close, policyViolation),
];

/** A complete frame of fewer than 65,536 bytes, unmasked, as servers send them (RFC 6455, 5.2). */
function frame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const head = length < 126 ? [0x80 | opcode, length] : [0x80 | opcode, 126, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), payload]);
}
