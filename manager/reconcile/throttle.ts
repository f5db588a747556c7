// Runs work at once when it is requested, then rests for nine times as long as the work took. An evaluation costs some
// milliseconds for a pool of ten thousand pods. Where a thousand of them change each second, claims and watches need the rest
// of the time. Requests that arrive during the rest share one run.

export type ThrottleOptions = {
  work: () => void;
  /** Milliseconds of a clock that is never set. */
  monotonic: () => number;
  /** Resolves after `ms` milliseconds. */
  delay: (ms: number) => Promise<void>;
};

// The work gets a tenth of the time at most.
const restFactor = 9;
// A process that was suspended during its work, or got no processor time, did not work for that long.
const maxRestMs = 1_000;

/** Returns the function that requests the work. The work never runs before that function has returned. */
export function createThrottle({ work, monotonic, delay }: ThrottleOptions): () => void {
  let isRequested = false;
  let restUntil = Number.NEGATIVE_INFINITY;
  const run = () => {
    isRequested = false;
    const startedAt = monotonic();
    work();
    const endedAt = monotonic();
    restUntil = endedAt + Math.min(maxRestMs, restFactor * (endedAt - startedAt));
  };
  return () => {
    if (isRequested) return;
    isRequested = true;
    const restMs = restUntil - monotonic();
    // Timers cannot be shorter than 1 ms.
    if (restMs < 1) setImmediate(run);
    else void delay(restMs).then(run);
  };
}
