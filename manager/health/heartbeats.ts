// Finds terminals in use that have missed their heartbeats: the reports that each terminal sends to one of the managers every 10 s.
//
// An outage of this manager must end no session (inv 9). The time without a heartbeat therefore counts only while this manager can
// receive one. It restarts when the manager did not check for a while (it was suspended, or its clock was set), and while most
// terminals of the pool miss theirs, because then the manager or the network is at fault. Pure.

/** Since when this manager has been able to receive a pool's heartbeats, and when it last checked: milliseconds since 1970. */
export type HeartbeatWatch = { since: number; checkedAt: number };

/** A terminal in use that a visitor has connected to, so that it must report. */
export type MonitoredTerminal = { uid: string; connectedAt: number; heardAt: number | undefined };

// The leader checks once a second.
const maxGapMs = 10_000;

/** The watch after a check at `now`, and the UIDs of terminals without a heartbeat for `timeout` milliseconds. */
export function checkHeartbeats(
  former: HeartbeatWatch | undefined,
  terminals: readonly MonitoredTerminal[],
  now: number,
  timeout: number,
): { watch: HeartbeatWatch; missing: string[] } {
  const lastHeartbeat = ({ connectedAt, heardAt = connectedAt }: MonitoredTerminal) => Math.max(connectedAt, heardAt);
  const gapMs = former === undefined ? Number.POSITIVE_INFINITY : now - former.checkedAt;
  // Several managers share the reports, so each gets fewer of them. Half of the timeout is long enough for that.
  const missedHeartbeats = terminals.filter((terminal) => now - lastHeartbeat(terminal) >= timeout / 2).length;
  const mostAreMissing = missedHeartbeats > 1 && missedHeartbeats > terminals.length / 2;
  const restart = former === undefined || gapMs < 0 || gapMs > maxGapMs || mostAreMissing;
  const since = restart ? now : former.since;
  const missing = terminals.filter((terminal) => now - Math.max(since, lastHeartbeat(terminal)) >= timeout);
  return { watch: { since, checkedAt: now }, missing: missing.map(({ uid }) => uid) };
}
