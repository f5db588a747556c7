// Combines deadlines at one moment: whether the session is over, whether the page shows a countdown, and when to check again. Pure.

export type Deadline = { reason: 'idle' | 'lifetime'; warnAt: number; endAt: number };

export type Outlook = {
  /** Why the session is over, or undefined. */
  over?: Deadline['reason'];
  /** The nearest deadline whose warning has begun. */
  ending: Deadline | undefined;
  /** When the result changes next; undefined if never. */
  nextAt: number | undefined;
};

export function look(deadlines: readonly (Deadline | undefined)[], now: number): Outlook {
  const known = deadlines.filter((deadline) => deadline !== undefined).sort((a, b) => a.endAt - b.endAt);
  const past = known.find(({ endAt }) => endAt <= now);
  if (past) return { over: past.reason, ending: undefined, nextAt: undefined };
  const ending = known.find(({ warnAt }) => warnAt <= now);
  const changes = known.flatMap(({ warnAt, endAt }) => [warnAt, endAt]).filter((at) => at > now);
  return { ending, nextAt: changes.length > 0 ? Math.min(...changes) : undefined };
}
