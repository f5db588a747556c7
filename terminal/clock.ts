// The clocks of the node. Durations are measured on the first, which no clock adjustment moves; only what tmux notes on the
// second is compared with it. Times in messages to and from other services are the manager's.

export type Clock = {
  /** Milliseconds since some moment, never going back. */
  now: () => number;
  /** Milliseconds since 1970, as this node counts: it may be wrong, and be set at any time. */
  wall: () => number;
};

export const systemClock: Clock = { now: () => performance.now(), wall: () => Date.now() };
