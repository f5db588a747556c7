// How many connections may be relayed at once: so many in all, and so many of one visitor, who could otherwise leave
// nothing for the others. Knows no sockets.

import { ServiceError } from '../../common/errors.ts';

/** As many as a terminal admits. */
const mostOfOneVisitor = 16;

export type Places = {
  /** Takes a place; what it returns gives it back, once. Throws `unavailable` when there is none. */
  take: (visitor: string) => () => void;
};

export function createPlaces(limit: number): Places {
  const taken = new Map<string, number>();
  let total = 0;

  function add(visitor: string, change: 1 | -1): void {
    total += change;
    const count = (taken.get(visitor) ?? 0) + change;
    if (count > 0) taken.set(visitor, count);
    else taken.delete(visitor);
  }

  return {
    take(visitor) {
      if ((taken.get(visitor) ?? 0) >= mostOfOneVisitor) {
        throw new ServiceError('unavailable', `${mostOfOneVisitor} connections of yours are relayed already.`);
      }
      if (total >= limit) throw new ServiceError('unavailable', 'Too many connections are relayed at the moment.');
      add(visitor, 1);
      let held = true;
      return () => {
        if (held) add(visitor, -1);
        held = false;
      };
    },
  };
}
