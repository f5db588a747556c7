// Joins two connections: what one says the other is told, in its time, until either is over.

import type { Socket } from 'node:net';

// Terminals ping their browsers every two seconds: a connection on which nothing moves for so long is dead, or does not
// end although the other has.
const silentMs = 30_000;

/** Passes bytes both ways without holding more than a buffer of each; the end of either is the end of both. */
export function join(one: Socket, other: Socket): void {
  pass(one, other);
  pass(other, one);
}

function pass(from: Socket, to: Socket): void {
  if (from.destroyed) return void to.destroy();
  // A key is a small packet, and the next must not wait until it is acknowledged.
  from.setNoDelay(true);
  from.setTimeout(silentMs, () => from.destroy());
  // What went wrong is of no interest: the close says that it is over.
  from.on('error', () => {});
  from.once('close', () => to.destroySoon());
  from.pipe(to);
}
