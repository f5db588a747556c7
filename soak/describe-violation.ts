// Formats a violation with the events that led to it.

import type { Checker, Violation } from './invariants.ts';
import type { LogBook } from './managers.ts';

/** The known facts of a violation: the history of its pods and visitors, and the managers' log lines about them. */
export function describeViolation(
  { invariant, what, uids }: Violation,
  { checker, logBook, startedAt, seed }: { checker: Checker; logBook: LogBook; startedAt: number; seed: number },
): string {
  const pods = uids.map((uid) => checker.pods.get(uid)).filter((pod) => pod !== undefined);
  const visitorsOfThem = new Set(
    pods.map(({ events }) => events.at(-1)?.visitor).filter((visitor) => visitor !== undefined),
  );
  const all = new Set([...pods, ...[...visitorsOfThem].flatMap((visitor) => checker.historiesOf(visitor))]);
  const events = [...all].flatMap(({ events }) => events).sort((a, b) => a.at - b.at);
  const ago = (at: number) => `${((at - startedAt) / 1_000).toFixed(3)} s`;
  const lines = events.map((event) => {
    const { at, type, name, uid, version, claimed, visitor, claimedAt, connectedAt, ready, terminating } = event;
    return `  ${ago(at)} ${type} ${name} ${uid} v${version} claimed=${claimed} visitor=${visitor?.slice(0, 8)} since=${claimedAt?.slice(11)} connected=${connectedAt ?? '-'} ready=${ready} terminating=${terminating}`;
  });
  const names = [...all].map(({ name }) => name);
  const now = performance.now();
  const [from = now, to = now] = [events[0]?.at, events.at(-1)?.at];
  const log = logBook
    .about([...names, ...visitorsOfThem, '"leads', 'cluster fault:'])
    .filter(({ at }) => at >= from - 20_000 && at <= to + 5_000)
    .map(({ at, manager, text }) => `  ${ago(at)} ${manager}: ${shorten(text)}`);
  return [
    `VIOLATION of ${invariant} after ${ago(performance.now())}, seed ${seed}: ${what}`,
    ...lines,
    ...log.slice(-40),
  ].join('\n');
}

/** A log line without the stack trace of an error. */
function shorten(text: string): string {
  try {
    const { msg, level, time, service, err, ...rest } = JSON.parse(text) as Record<string, unknown>;
    const why = err ? ` (${(err as { message?: string }).message})` : '';
    return `${msg}${why} ${JSON.stringify(rest)}`;
  } catch {
    return text;
  }
}
