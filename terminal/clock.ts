// The two times that a terminal needs. Durations are measured on the first, which no clock adjustment moves.

export type Clock = {
  /** Milliseconds since some moment, never going back. */
  now: () => number;
  /** Milliseconds since 1970, as the rest of the world counts. */
  wall: () => number;
};

export const systemClock: Clock = { now: () => performance.now(), wall: () => Date.now() };
