// The API server's time, as the Date of its answers tells it. Managers read off pods what other managers have written, and
// end sessions by it: were each to go by its own clock, one that is wrong, or is set, would end everybody's at once.
// Knows no HTTP.

// A Date has whole seconds, cut off (RFC 9110, 5.6.7).
const dateStepMs = 1_000;

export type ApiClock = ReturnType<typeof createApiClock>;

/** `wall` is this machine's clock, for as long as nothing was heard; `monotonic` one that nobody sets. In milliseconds. */
export function createApiClock({ wall, monotonic }: { wall: () => number; monotonic: () => number }) {
  /** What the API server's clock is ahead of `monotonic`. */
  let ahead: number | undefined;
  return {
    /** Milliseconds since 1970. */
    now: (): number => (ahead === undefined ? wall() : Math.round(monotonic() + ahead)),
    /** Takes in the Date of an answer, to a request that was sent at `sentAt` and is answered now, both by `monotonic`. */
    observe(date: string | undefined, sentAt: number): void {
      const told = Date.parse(date ?? '');
      if (Number.isNaN(told)) return;
      // It was written at some time between the two, and in some part of that second. Most answers only confirm what is
      // known; each that does not narrows it down, or tells that a clock was set. This machine's own clock is believed as
      // far as that goes: where all are synchronised, managers agree to the millisecond on who came first.
      const [least, most] = [told - monotonic(), told + dateStepMs - sentAt];
      ahead = Math.min(most, Math.max(least, ahead ?? wall() - monotonic()));
    },
  };
}
