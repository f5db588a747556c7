// The time of another machine, from its answers. Between answers it advances by a monotonic clock, so a wrong or adjusted wall clock does
// not affect it. Knows no HTTP.

export type RemoteClock = ReturnType<typeof createRemoteClock>;

/** `wall`: this machine's clock, used until the first answer. `monotonic`: a clock that is never adjusted. In milliseconds. */
export function createRemoteClock({ wall, monotonic }: { wall: () => number; monotonic: () => number }) {
  /** The other clock minus `monotonic`. */
  let ahead: number | undefined;
  return {
    /** Milliseconds since 1970. */
    now: (): number => (ahead === undefined ? wall() : Math.round(monotonic() + ahead)),
    /**
     * Notes that the other clock showed a time between `earliest` and `latest` at some moment between `since` (of `monotonic`) and now. An
     * answer narrows the range, confirms it, or shows that a clock was adjusted. This machine's wall clock is used while it is within the
     * range: synchronised clocks agree to the millisecond.
     */
    observe({ earliest, latest = earliest, since }: { earliest: number; latest?: number; since: number }): void {
      const [min, max] = [earliest - monotonic(), latest - since];
      ahead = Math.min(max, Math.max(min, ahead ?? wall() - monotonic()));
    },
  };
}
