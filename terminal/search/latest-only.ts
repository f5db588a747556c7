// Runs one job at a time and keeps only the latest waiting one: a new request makes earlier waiting ones obsolete. After each job it rests for
// as long as the job took, so that constant requests take at most half of the time.

export type LatestOnlyOptions = {
  /** Milliseconds. */
  now: () => number;
  /** Calls `run` after this time; returns a function that cancels it. */
  later: (run: () => void, ms: number) => () => void;
};

export type LatestOnly = {
  /** Runs `work` when it is free. Resolves to null if a newer request replaced it. `urgent`: do not rest before it. */
  run: <T>(work: () => Promise<T>, options?: { urgent: boolean }) => Promise<T | null>;
};

const longestRestMs = 1_000;

export function createLatestOnly({ now, later }: LatestOnlyOptions): LatestOnly {
  let state: 'free' | 'busy' | 'resting' = 'free';
  let waiting: { run: () => Promise<void>; dismiss: () => void } | undefined;
  let wake: () => void = () => {};

  const next = () => {
    state = 'free';
    const job = waiting;
    waiting = undefined;
    if (job) start(job.run);
  };
  const start = (run: () => Promise<void>) => {
    state = 'busy';
    const startedAt = now();
    void run().then(() => {
      state = 'resting';
      wake = later(next, Math.min(longestRestMs, now() - startedAt));
    });
  };

  return {
    run: (work, { urgent } = { urgent: false }) =>
      new Promise((resolve, reject) => {
        waiting?.dismiss();
        waiting = { run: () => work().then(resolve, reject), dismiss: () => resolve(null) };
        if (state === 'busy' || (state === 'resting' && !urgent)) return;
        wake();
        next();
      }),
  };
}
