// Joins two connections: passes bytes both ways, with back-pressure, until either ends.

import type { Socket } from 'node:net';

// Terminals ping their browsers every two seconds. A connection without traffic for this long is dead, or its end was not noticed.
const silentMs = 30_000;

/** Passes bytes both ways, with at most one buffer for each direction. When one side ends, both do. */
export function join(one: Socket, other: Socket): void {
  pass(one, other);
  pass(other, one);
}

function pass(from: Socket, to: Socket): void {
  if (from.destroyed) return void to.destroy();
  // A key is a small packet. The next must not wait for its acknowledgement.
  from.setNoDelay(true);
  from.setTimeout(silentMs, () => from.destroy());
  // An error is always followed by `close`, which is handled.
  from.on('error', () => {});
  from.once('close', () => to.destroySoon());
  from.pipe(to);
}
