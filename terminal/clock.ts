// The clocks of the node. Durations use the monotonic one; the wall clock serves only for comparison with tmux's times. Times in messages
// to and from other services are the manager's.

export type Clock = {
  /** Monotonic milliseconds. */
  now: () => number;
  /** Milliseconds since 1970 by this node's clock, which may be wrong or adjusted at any time. */
  wall: () => number;
};

export const systemClock: Clock = { now: () => performance.now(), wall: () => Date.now() };
