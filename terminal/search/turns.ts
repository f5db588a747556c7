// One thing at a time, and of those that wait only the last: whoever asks again does not want the former answer any more.
// After each it rests for as long as that took, so that whoever asks without end leaves half of the time to others.

export type TurnsOptions = {
  /** Milliseconds. */
  now: () => number;
  /** Calls `run` after that time; returns a function that calls it off. */
  later: (run: () => void, ms: number) => () => void;
};

export type Turns = {
  /** Runs `work` when its turn comes; resolves to null if another has come in its place. `urgent`: no rest before it. */
  take: <T>(work: () => Promise<T>, options?: { urgent: boolean }) => Promise<T | null>;
};

const longestRestMs = 1_000;

export function createTurns({ now, later }: TurnsOptions): Turns {
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
    take: (work, { urgent } = { urgent: false }) =>
      new Promise((resolve, reject) => {
        waiting?.dismiss();
        waiting = { run: () => work().then(resolve, reject), dismiss: () => resolve(null) };
        if (state === 'busy' || (state === 'resting' && !urgent)) return;
        wake();
        next();
      }),
  };
}
