// Picks the ready pod for a claim, so that several managers seldom try the same one. Knows no visitors and does no I/O.

import type { ObservedPod } from '../model/observation.ts';
import type { Pool } from '../model/pool.ts';
import type { Share } from '../model/share.ts';

export type PodPickerOptions = {
  /** Milliseconds of a monotonic clock. */
  monotonic: () => number;
  /** From 0 to 1. */
  random: () => number;
  /** The pods that this manager prefers, as far as it knows the other managers. */
  share: () => Share;
};

// Managers that do not know each other all try the lowest pod, and conflict until each has observed the claims of the others. After a
// conflict, such a manager picks at random among the lowest `among` pods for a while.
const afterConflict = { among: 16, forMs: 10_000 };

// Managers that know each other conflict when one has used up its preferred pods, or takes pods of a slower manager to keep the
// highest ones free. A watch is rarely later than `watchDelayMs`. In that time each other manager claims about as many pods as
// this one. A manager is slower when `slack` more pods are left below.
const overtaking = { slack: 4, watchDelayMs: 2_000 };

// With at most this many claims by all managers within `watchDelayMs`, a manager takes the lowest pod. A quiet pool thus keeps its
// highest pods free and can shrink. If two managers conflict, they spread out for a while.
const quietClaims = 4;

/** When a pod was picked, and the number of claims that the pool had seen at that time. */
type Pick = { at: number; claimsSeen: number };

export class PodPicker {
  readonly #options: PodPickerOptions;
  /** When a claim of this manager last conflicted with another manager. */
  readonly #conflictAt = new Map<Pool, number>();
  readonly #picks = new Map<Pool, Pick[]>();

  constructor(options: PodPickerOptions) {
    this.#options = options;
  }

  /** Reserves a ready pod for this manager, until the caller releases it. */
  pick(pool: Pool): ObservedPod | undefined {
    const { monotonic, random } = this.#options;
    const now = monotonic();
    const share = this.#options.share();
    const isAfterConflict = now - (this.#conflictAt.get(pool) ?? Number.NEGATIVE_INFINITY) < afterConflict.forMs;
    const picks = this.#recentPicks(pool, now);
    const recentClaims = pool.claimsSeen - picks[0]!.claimsSeen;
    const isQuiet = !isAfterConflict && !pool.ready.hasReserved && recentClaims <= quietClaims;
    if (isQuiet) return pool.ready.take();
    const among = isAfterConflict && share.of === 1 ? afterConflict.among : 1;
    const reach = share.of * Math.max(among, overtaking.slack + picks.length);
    return pool.ready.take({ share, reach, among, random: random() });
  }

  /** Another manager claimed the picked pod first. */
  noteConflict(pool: Pool): void {
    this.#conflictAt.set(pool, this.#options.monotonic());
  }

  /** The picks within the delay of a watch. The last one is the current pick. */
  #recentPicks(pool: Pool, at: number): Pick[] {
    const picks = this.#picks.get(pool) ?? [];
    this.#picks.set(pool, picks);
    picks.push({ at, claimsSeen: pool.claimsSeen });
    while (picks[0]!.at < at - overtaking.watchDelayMs) picks.shift();
    return picks;
  }
}
