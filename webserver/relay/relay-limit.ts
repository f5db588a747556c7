// Limits the relayed connections, in all and for each visitor, so that one visitor cannot use them all. Knows no sockets.

import { ServiceError } from '../../common/errors.ts';

/** As many as a terminal accepts. */
const maxPerVisitor = 16;

export type RelayLimit = {
  /** Counts a connection. Returns a function that releases it, once. Throws `unavailable` at the limit. */
  acquire: (visitor: string) => () => void;
};

export function createRelayLimit(limit: number): RelayLimit {
  const taken = new Map<string, number>();
  let total = 0;

  function add(visitor: string, change: 1 | -1): void {
    total += change;
    const count = (taken.get(visitor) ?? 0) + change;
    if (count > 0) taken.set(visitor, count);
    else taken.delete(visitor);
  }

  return {
    acquire(visitor) {
      if ((taken.get(visitor) ?? 0) >= maxPerVisitor) {
        throw new ServiceError(
          'unavailable',
          `You already have ${maxPerVisitor} relayed connections. Close one first.`,
        );
      }
      if (total >= limit)
        throw new ServiceError('unavailable', 'All connections of the relay are in use. Try again later.');
      add(visitor, 1);
      let held = true;
      return () => {
        if (held) add(visitor, -1);
        held = false;
      };
    },
  };
}
