// When a terminal ends because the run that it was started for has ended. Pure: times are milliseconds of one clock.

export type RunOutlook = {
  endsTerminal: boolean;
  detached: boolean;
  live: boolean;
  /** The number of connected clients. */
  clients: number;
  endedAt?: number;
  /** When the last client left. */
  leftAt?: number;
  /** Whether it said goodbye. A client whose connection broke may come back. */
  clean: boolean;
};

/** A client that has left on purpose ends the terminal itself. Allow this long for its request to arrive. */
const soonMs = 2_000;

/** undefined if no run ends the terminal, another run is live, or a client is connected. */
export function endMoment(
  runs: readonly RunOutlook[],
  { graceMs, lingerMs }: { graceMs: number; lingerMs: number },
): number | undefined {
  if (runs.some(({ live, clients }) => live || clients > 0)) return undefined;
  const moments = runs
    .filter(({ endsTerminal }) => endsTerminal)
    .map(({ detached, endedAt = 0, leftAt, clean }) => {
      if (detached) return Math.max(endedAt + lingerMs, leftAt === undefined ? 0 : leftAt + soonMs);
      const soon = clean && leftAt !== undefined && leftAt >= endedAt;
      // Only one grace, even if the run was ended because its grace was over.
      return Math.max(endedAt, (leftAt ?? endedAt) + (soon ? Math.min(soonMs, graceMs) : graceMs));
    });
  return moments.length > 0 ? Math.max(...moments) : undefined;
}
