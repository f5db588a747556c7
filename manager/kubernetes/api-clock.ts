// The API server's time, as the Date of its answers tells it. Managers read off pods what other managers have written, and
// end sessions and sign tickets by it: were each to go by its own clock, one that is wrong, or is set, would end everybody's
// at once. Knows no HTTP.

import { createRemoteClock } from '../../common/remote-clock.ts';

// A Date has whole seconds, cut off (RFC 9110, 5.6.7).
const dateStepMs = 1_000;

export type ApiClock = ReturnType<typeof createApiClock>;

/** `wall` is this machine's clock, for as long as nothing was heard; `monotonic` one that nobody sets. In milliseconds. */
export function createApiClock(clocks: { wall: () => number; monotonic: () => number }) {
  const { now, observe } = createRemoteClock(clocks);
  return {
    /** Milliseconds since 1970. */
    now,
    /** Takes in the Date of an answer, to a request that was sent at `sentAt` and is answered now, both by `monotonic`. */
    observe(date: string | undefined, sentAt: number): void {
      const earliest = Date.parse(date ?? '');
      if (!Number.isNaN(earliest)) observe({ earliest, latest: earliest + dateStepMs, since: sentAt });
    },
  };
}
