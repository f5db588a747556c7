// What a host wants to know of a terminal, in words. Pure.

import type { PodStatus, PoolStatus } from '../../common/manager-api.ts';

export type Row = {
  name: string;
  state: string;
  since: string;
  people: string;
  lastInput: string;
  /** Why the terminal is broken or cannot be reached. Then the other columns are empty. */
  trouble: string;
  /** Who may need help, and what tells: nobody ever connected, everybody gone, or no key for a long time; or what is broken. */
  attention: 'people' | 'lastInput' | 'trouble' | undefined;
};

const states = { ready: 'Ready', 'in-use': 'In use', recreating: 'Starting', broken: 'Broken' } as const;
const connectGraceMs = 60_000;
const stuckMs = 5 * 60_000;

export function describePod(pod: PodStatus, now: number): Row {
  const row: Row = {
    name: pod.name,
    state: states[pod.state],
    since: '',
    people: '',
    lastInput: '',
    trouble: '',
    attention: undefined,
  };
  if (pod.state === 'broken') return { ...row, trouble: pod.reason ?? '', attention: 'trouble' };
  if (pod.state === 'recreating' && pod.reason !== undefined)
    return { ...row, state: 'Unreachable', trouble: pod.reason, attention: 'trouble' };
  if (pod.state !== 'in-use') return row;
  const claimed = elapsed(pod.claimedAt, now) ?? 0;
  row.since = duration(claimed);
  if (pod.connectedAt === undefined) {
    return { ...row, people: 'never connected', attention: claimed > connectGraceMs ? 'people' : undefined };
  }
  const typed = elapsed(pod.lastInputAt, now);
  row.lastInput = typed === undefined ? 'none yet' : `${duration(typed)} ago`;
  if (pod.connections === 0) return { ...row, people: 'disconnected', attention: 'people' };
  row.people = connections(pod.connections ?? 1);
  return { ...row, attention: (typed ?? claimed) > stuckMs ? 'lastInput' : undefined };
}

/** What is broken, and those who may need help, first; then the others in use, then the rest; each by ordinal. */
export function sortPods(pods: readonly PodStatus[], now: number): PodStatus[] {
  const rank = (pod: PodStatus) => (describePod(pod, now).attention !== undefined ? 0 : pod.state === 'in-use' ? 1 : 2);
  return pods.toSorted((a, b) => rank(a) - rank(b) || a.ordinal - b.ordinal);
}

/**
 * `12 in use · 5 ready · 2 starting · 1 broken · 1 unreachable · 3 waiting`, leaving out what is none, but for the first two; and what the
 * spare comes to where it is not simply a number.
 */
export function summary(pool: PoolStatus): string {
  const { inUse, ready, recreating, broken, unreachable = 0, waiting, spare, settings } = pool;
  const parts = [`${inUse} in use`, `${ready} ready`];
  if (recreating > 0) parts.push(`${recreating} starting`);
  if (broken > 0) parts.push(`${broken} broken`);
  if (unreachable > 0) parts.push(`${unreachable} unreachable`);
  if (waiting > 0) parts.push(`${waiting} waiting`);
  if (spare !== settings.spare) parts.push(`spare ${settings.spare}: ${spare}`);
  return parts.join(' · ');
}

/** `12 s`, `5 min`, `2 h 5 min`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h${minutes % 60 === 0 ? '' : ` ${minutes % 60} min`}`;
}

const elapsed = (at: string | undefined, now: number) => (at === undefined ? undefined : now - Date.parse(at));

const connections = (count: number) => (count === 1 ? '1 browser' : `${count} browsers`);
