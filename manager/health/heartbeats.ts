// Which terminals in use have been silent for too long, as far as their reports tell. An outage of ours must end no session
// (inv 9), so a silence counts only while this manager could hear: not before it began to listen, not across a time in which
// it did not look (it was suspended, or its clock was set), and not while most of a pool is silent, for then the fault is
// ours or the network's. Silence is a suspicion only: whoever answers when it is knocked at is well. Pure.

/** Since when a manager hears a pool's terminals, and when it last looked: milliseconds since 1970. */
export type Hearing = { since: number; lookedAt: number };

/** A terminal in use that somebody has connected to, so that it should report. */
export type Reporting = { uid: string; connectedAt: number; heardAt: number | undefined };

// It looks every second.
const longestGapMs = 10_000;

/** The hearing after a look at `now`, and the UIDs of those that have been silent for `timeout` milliseconds. */
export function listen(
  former: Hearing | undefined,
  terminals: readonly Reporting[],
  now: number,
  timeout: number,
): { hearing: Hearing; silent: string[] } {
  const heard = ({ connectedAt, heardAt = connectedAt }: Reporting) => Math.max(connectedAt, heardAt);
  const gap = former === undefined ? Number.POSITIVE_INFINITY : now - former.lookedAt;
  // Several managers share the reports, and each hears of a terminal less often: half of the time is long enough for that.
  const faint = terminals.filter((terminal) => now - heard(terminal) >= timeout / 2).length;
  const isDeaf = gap < 0 || gap > longestGapMs || (faint > 1 && faint > terminals.length / 2);
  const since = former === undefined || isDeaf ? now : former.since;
  const silent = terminals.filter((terminal) => now - Math.max(since, heard(terminal)) >= timeout);
  return { hearing: { since, lookedAt: now }, silent: silent.map(({ uid }) => uid) };
}
