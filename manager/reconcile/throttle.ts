// When to look at what has changed: at once, and then not again before several times as long has passed as that look has
// taken. A look costs in proportion to the pool, some milliseconds for ten thousand pods; where a thousand of them change
// each second, it must leave the time to claims and watches. What comes meanwhile is looked at together.

export type PaceOptions = {
  work: () => void;
  /** Milliseconds that no setting of the clock changes. */
  monotonic: () => number;
  /** Resolves after so many milliseconds. */
  delay: (ms: number) => Promise<void>;
};

// So many times as long as the work has taken: it gets a tenth of the time at most.
const rests = 9;
// A process that was stopped in the middle of its work, or got no processor, has not worked for so long.
const longestRestMs = 1_000;

/** Returns how to ask for the work: it is done once for all who have asked meanwhile, never before the asker goes on. */
export function createPace({ work, monotonic, delay }: PaceOptions): () => void {
  let asked = false;
  let restUntil = Number.NEGATIVE_INFINITY;
  const run = () => {
    asked = false;
    const startedAt = monotonic();
    work();
    const endedAt = monotonic();
    restUntil = endedAt + Math.min(longestRestMs, rests * (endedAt - startedAt));
  };
  return () => {
    if (asked) return;
    asked = true;
    const rest = restUntil - monotonic();
    // No timer is shorter than that.
    if (rest < 1) setImmediate(run);
    else void delay(rest).then(run);
  };
}
