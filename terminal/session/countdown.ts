// What several deadlines mean at one moment: whether the session is over, whether the page counts down, when to look
// again. Pure.

export type Deadline = { reason: 'idle' | 'lifetime'; warnAt: number; endAt: number };

export type Outlook = {
  /** Why it is over, if it is. */
  over?: Deadline['reason'];
  /** The nearest end of those that are warned of. */
  ending: Deadline | undefined;
  /** When the answer changes by itself; undefined if never. */
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
