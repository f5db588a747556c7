// The API server's time, from the Date header of its answers. Managers read times that other managers have written, and end sessions
// and sign tickets by this clock. With its own clock, a manager whose clock is wrong would end all sessions at once. Does no HTTP.

import { createRemoteClock } from '../../common/remote-clock.ts';

// A Date header has whole seconds, rounded down (RFC 9110, 5.6.7).
const dateStepMs = 1_000;

export type ApiClock = ReturnType<typeof createApiClock>;

/** In milliseconds. `wall`: this machine's clock, used until the first answer. `monotonic`: a clock that is never set. */
export function createApiClock(clocks: { wall: () => number; monotonic: () => number }) {
  const { now, observe } = createRemoteClock(clocks);
  return {
    /** Milliseconds since 1970. */
    now,
    /** Records the Date of an answer that has just arrived, to a request that was sent at `sentAt`, by `monotonic`. */
    observe(date: string | undefined, sentAt: number): void {
      const earliest = Date.parse(date ?? '');
      if (!Number.isNaN(earliest)) observe({ earliest, latest: earliest + dateStepMs, since: sentAt });
    },
  };
}
