// Runs work at once when it is requested, then rests for nine times the duration of the work. An evaluation of a pool of ten thousand
// pods takes some milliseconds. If a thousand of these pods change each second, claims and watches need the remaining time.
// Requests during the rest share one run.

export type ThrottleOptions = {
  work: () => void;
  /** Milliseconds of a monotonic clock. */
  monotonic: () => number;
  /** Resolves after `ms` milliseconds. */
  delay: (ms: number) => Promise<void>;
};

// The work gets at most a tenth of the time.
const restFactor = 9;
// The measured duration includes a suspension of the process or a lack of CPU time, so limit the rest.
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
