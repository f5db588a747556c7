// User ids for pods when this process is root: one for each pod, and none of an account of the machine. So pods share no process limit,
// no file and no signal with each other.

import { readFileSync } from 'node:fs';

type Range = { first: number; last: number };

// A range that nothing allocates, and the range of systemd's short-lived services, for a user namespace that maps fewer ids.
// https://systemd.io/UIDS-GIDS
const unallocated: Range = { first: 0x7000_0000, last: 0x7fff_0000 };
const dynamic: Range = { first: 61_184, last: 65_519 };

export type Users = {
  /** An id that no other pod of this process has. It is the id of the user and of the group. */
  take(): number;
  release(id: number): void;
};

/** Undefined when this process cannot become any of these users. `map` is the text of /proc/self/uid_map. */
export function createUsers(random: () => number, map = readFileSync('/proc/self/uid_map', 'utf8')): Users | undefined {
  const range = [unallocated, dynamic].find((wanted) => isMapped(map, wanted));
  if (!range) return undefined;
  const taken = new Set<number>();
  return {
    take() {
      for (;;) {
        const id = range.first + Math.floor(random() * (range.last - range.first + 1));
        if (taken.has(id)) continue;
        taken.add(id);
        return id;
      }
    },
    release: (id) => void taken.delete(id),
  };
}

// A line is: first id inside, first id outside, count (user_namespaces(7)).
const isMapped = (map: string, { first, last }: Range): boolean =>
  map.split('\n').some((line) => {
    const [inside = Number.NaN, , count = 0] = line.trim().split(/\s+/).map(Number);
    return inside <= first && last < inside + count;
  });
