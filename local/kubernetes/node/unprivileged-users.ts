// User ids for terminals when this process is root: one for each pod, which no account of the machine has. Terminals
// then share no process limit, no file and no signal with each other or with anybody else.

import { readFileSync } from 'node:fs';

type Range = { first: number; last: number };

// https://systemd.io/UIDS-GIDS: a range that nothing allocates, and the one of systemd's short-lived services, for a root
// whose user namespace maps fewer ids.
const unallocated: Range = { first: 0x7000_0000, last: 0x7fff_0000 };
const dynamic: Range = { first: 61_184, last: 65_519 };

export type Users = {
  /** An id that no other pod of this process has. It is both the user's and the group's. */
  take(): number;
  give(id: number): void;
};

/** Undefined when this process may not become any of those users. `map` is the text of /proc/self/uid_map. */
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
    give: (id) => void taken.delete(id),
  };
}

// A line is: first id inside, first id outside, count (user_namespaces(7)).
const isMapped = (map: string, { first, last }: Range): boolean =>
  map.split('\n').some((line) => {
    const [inside = Number.NaN, , count = 0] = line.trim().split(/\s+/).map(Number);
    return inside <= first && last < inside + count;
  });
