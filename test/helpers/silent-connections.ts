// Clients that open connections, send nothing or half a request, and keep them open for as long as they can.

import { Worker } from 'node:worker_threads';
import type { Teardown } from './webserver-listen.ts';

/** What such a client sends: nothing, half a request, or a WebSocket request without a ticket. */
export const words = {
  nothing: '',
  'half a request': 'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nX-Half: ',
  'an upgrade without a ticket':
    'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  'a body that never comes': 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n',
} as const;

type Flood = { port: number; host: string; count: number; say: readonly string[]; from: readonly string[] };

// Runs in its own thread, so that the clients under test do not wait for these.
const thread = `
const { connect } = require('node:net');
const { parentPort, workerData } = require('node:worker_threads');
const { port, host, count, say, from } = workerData;
let opened = 0;
const sockets = new Set();
function open(index) {
  const socket = connect({ port, host, ...(from.length > 0 && { localAddress: from[index % from.length] }) });
  sockets.add(socket);
  socket.on('error', () => {});
  socket.once('connect', () => {
    socket.write(say[index % say.length]);
    parentPort.postMessage(++opened);
  });
  socket.once('close', () => {
    sockets.delete(socket);
    setTimeout(open, 500, index);
  });
}
for (let index = 0; index < count; index++) open(index);
`;

/**
 * Keeps `count` connections to `port` open, and reopens each that the server closes. Resolves once `count` have been
 * opened. `from`: the local addresses to connect from, in turn; any
 * address if empty.
 */
export async function keepSilent(t: Teardown, port: number, options: { count: number } & Partial<Flood>) {
  const { count, say = Object.values(words), from = [], host = '127.0.0.1' } = options;
  const flood: Flood = { port, host, count, say, from };
  const worker = new Worker(thread, { eval: true, workerData: flood });
  const stop = async () => void (await worker.terminate());
  t.teardown(stop);
  let opened = 0;
  await new Promise<void>((resolve, reject) => {
    worker.once('error', reject);
    worker.on('message', (soFar: number) => {
      opened = soFar;
      if (opened >= count) resolve();
    });
  });
  return {
    /** How many connections were opened so far, including reopened ones. */
    opened: () => opened,
    stop,
  };
}
