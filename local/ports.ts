// Ports for services that are started a moment later, and again whenever they end.

import { createServer } from 'node:net';
import { ServiceError } from '../common/errors.ts';

// Below those that kernels give to whoever asks for any port, or connects to somewhere (32768 and up, 49152 and up on macOS),
// and below node ports: nobody is given one of these between our look and the service's start, or while it is down.
const first = 20_000;
const count = 10_000;

// From somewhere on, one after the other: no two services of this process are told the same before they have started, and
// another process hardly begins nearby.
let drawn = Math.floor(Math.random() * count);

/** A port of `host` that is free, that nobody gets by chance, and that no earlier call has given. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (let attempt = 0; attempt < count; attempt++) {
    const port = first + (drawn++ % count);
    const error = await tryToListen(host, port);
    if (!error) return port;
    if (error.code !== 'EADDRINUSE') throw refused(port, error);
  }
  throw new ServiceError('unavailable', `${host} has no free port from ${first} to ${first + count - 1}.`);
}

/** `port` if it is free, or any free one for 0. Throws `invalid-config` if it is not. */
export async function claimPort(host: string, port: number): Promise<number> {
  if (port === 0) return freePort(host);
  const error = await tryToListen(host, port);
  if (error) throw refused(port, error);
  return port;
}

async function tryToListen(host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
  const server = createServer();
  const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    server.once('error', resolve);
    server.listen(port, host, () => resolve(undefined));
  });
  if (!error) await new Promise((resolve) => server.close(resolve));
  return error;
}

function refused(port: number, { code, message }: NodeJS.ErrnoException): ServiceError {
  const why = code === 'EADDRINUSE' ? 'another process already listens on this port' : message;
  return new ServiceError('invalid-config', `PORT=${port}: ${why}`);
}
