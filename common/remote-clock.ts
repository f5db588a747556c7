// Another machine's time, as its answers tell it. It goes on by a clock that nobody sets, so a wall clock that is wrong, or is
// set, moves nothing. Knows no HTTP.

export type RemoteClock = ReturnType<typeof createRemoteClock>;

/** `wall` is this machine's clock, for as long as nothing was heard; `monotonic` one that nobody sets. In milliseconds. */
export function createRemoteClock({ wall, monotonic }: { wall: () => number; monotonic: () => number }) {
  /** How far the other clock is ahead of `monotonic`. */
  let ahead: number | undefined;
  return {
    /** Milliseconds since 1970. */
    now: (): number => (ahead === undefined ? wall() : Math.round(monotonic() + ahead)),
    /**
     * The other clock showed a time between `earliest` and `latest` at some moment between `since`, by `monotonic`, and now. Most
     * answers only confirm what is known; each that does not narrows it down, or tells that a clock was set. This machine's own
     * clock is believed as far as that goes: where all are synchronised, they agree to the millisecond.
     */
    observe({ earliest, latest = earliest, since }: { earliest: number; latest?: number; since: number }): void {
      const [min, max] = [earliest - monotonic(), latest - since];
      ahead = Math.min(max, Math.max(min, ahead ?? wall() - monotonic()));
    },
  };
}
