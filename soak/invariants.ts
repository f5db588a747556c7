// Checks the history of pods, event by event, against the actions of visitors and administrators. Pure: knows no API and no
// clock. Times are those of the events, in milliseconds.

import type { PodEvent } from './history.ts';

export type Violation = {
  /** The number of the invariant, or `convergence`. */
  invariant: string;
  what: string;
  /** Of the pods that it is about. */
  uids: string[];
};

/** The known causes by which a session may end. */
export type Causes = {
  /** The visitor has asked for an end or a restart since it had this terminal. */
  askedToEnd(visitor: string, uid: string): boolean;
  /** The pod has asked for its own deletion. */
  endedItself(uid: string): boolean;
  /** An administrator has deleted it, or scaled it away. */
  administrator(uid: string): boolean;
  /** The fault of the cluster that the session may have ended by at the time `at`: see losses.ts. */
  clusterFault(pod: PodHistory, at: number): string | undefined;
  /** When a browser first connected to it; undefined for never. */
  connectedAt(uid: string): number | undefined;
  /** Whether a manager has taken a report of it: a connection that could be told to none of them is known to none. */
  heardOf(uid: string): boolean;
  /** Since when the pod has not reported any more though it should have; undefined for one that does. */
  silentSince(uid: string): number | undefined;
};

export type Limits = {
  connectTimeoutMs: number;
  maxLifetimeMs: number;
  silenceMs: number;
  /** How long after it was begun a claim may take effect. */
  claimMs: number;
};

export type PodHistory = {
  name: string;
  uid: string;
  events: PodEvent[];
  /** When it was first seen as claimed. */
  claimedSince: number | undefined;
  /** When its label first named another pool. */
  leftPoolSince: number | undefined;
  /** When it was first seen as Succeeded or Failed. */
  endedSince: number | undefined;
  terminatingSince: number | undefined;
  goneSince: number | undefined;
};

/** The pool that a soak is about. */
export const poolName = 'default';

/** Whether a session can go on in the pod: it is the pool's, runs, and is not about to go. */
export const isLive = ({ terminatingSince, leftPoolSince, endedSince }: PodHistory): boolean =>
  terminatingSince === undefined && leftPoolSince === undefined && endedSince === undefined;

const isEnded = ({ phase }: PodEvent): boolean => phase === 'Succeeded' || phase === 'Failed';

// What is seen takes a while to be seen, and API servers write times in whole seconds.
const toleranceMs = 2_000;

export class Checker {
  readonly pods = new Map<string, PodHistory>();
  readonly #byVisitor = new Map<string, Set<PodHistory>>();
  readonly #causes: Causes;
  readonly #limits: Limits;
  readonly #onViolation: (violation: Violation) => void;
  claims = 0;
  /** Sessions that ended, by why they may have. */
  readonly ends = new Map<string, number>();

  constructor(causes: Causes, limits: Limits, onViolation: (violation: Violation) => void) {
    this.#causes = causes;
    this.#limits = limits;
    this.#onViolation = onViolation;
  }

  observe(event: PodEvent): void {
    const known = this.pods.get(event.uid);
    const pod = known ?? this.#meet(event);
    const former = pod.events.at(-1);
    if (pod.goneSince !== undefined) this.#violate('1', `${event.name} has come back after its deletion`, pod);
    if (former) this.#compare(pod, former, event);
    pod.events.push(event);
    if (event.visitor !== undefined && pod.claimedSince === undefined) this.#noteClaim(pod, event);
    // Labelled back, it is the pool's again, and its session goes on.
    pod.leftPoolSince = event.pool === poolName ? undefined : (pod.leftPoolSince ?? event.at);
    if (isEnded(event)) pod.endedSince ??= event.at;
    const going = event.terminating || event.type === 'DELETED';
    if (going && pod.terminatingSince === undefined) {
      pod.terminatingSince = event.at;
      if (event.visitor !== undefined) this.#judgeEnd(pod, event.visitor, event);
    }
    if (event.type === 'DELETED') pod.goneSince = event.at;
  }

  /** The visitor's terminals that live, oldest claim first. */
  terminalsOf(visitor: string): PodHistory[] {
    return [...(this.#byVisitor.get(visitor) ?? [])].filter(isLive);
  }

  /** All that the visitor has had, as far as it is remembered. */
  historiesOf(visitor: string): PodHistory[] {
    return [...(this.#byVisitor.get(visitor) ?? [])];
  }

  /** Every pod that is claimed and lives, with its visitor. */
  *inUse(): Iterable<{ pod: PodHistory; visitor: string }> {
    for (const [visitor, pods] of this.#byVisitor) {
      for (const pod of pods) if (isLive(pod)) yield { pod, visitor };
    }
  }

  /** Forgets what has been gone since before `time`. */
  forget(time: number): void {
    for (const [uid, pod] of this.pods) {
      if (pod.goneSince === undefined || pod.goneSince >= time) continue;
      this.pods.delete(uid);
      const visitor = pod.events.at(-1)?.visitor;
      const own = visitor === undefined ? undefined : this.#byVisitor.get(visitor);
      own?.delete(pod);
      if (own?.size === 0) this.#byVisitor.delete(visitor!);
    }
  }

  #meet({ name, uid }: PodEvent): PodHistory {
    const pod: PodHistory = {
      name,
      uid,
      events: [],
      claimedSince: undefined,
      leftPoolSince: undefined,
      endedSince: undefined,
      terminatingSince: undefined,
      goneSince: undefined,
    };
    this.pods.set(uid, pod);
    return pod;
  }

  #compare(pod: PodHistory, former: PodEvent, now: PodEvent): void {
    if (former.visitor !== undefined) {
      for (const key of ['visitor', 'claimId', 'claimedAt', 'claimed'] as const) {
        if (former[key] !== now[key])
          this.#violate('1', `${key} of ${now.name}, which was claimed, went from ${former[key]} to ${now[key]}`, pod);
      }
    } else if (former.claimed !== 'false' && now.claimed !== former.claimed) {
      this.#violate('1', `${now.name} was ${former.claimed}, and is ${now.claimed} again`, pod);
    } else if (now.visitor !== undefined && former.terminating) {
      // Harmless to others, but of no use to the visitor: it is about to go.
      this.#violate('2', `${now.name} was claimed while it was ending`, pod);
    }
    if (
      former.connectedAt !== undefined &&
      now.connectedAt !== former.connectedAt &&
      former.connectedAt < (now.connectedAt ?? '')
    )
      this.#violate('2', `the first connection to ${now.name} has moved to later`, pod);
  }

  #noteClaim(pod: PodHistory, event: PodEvent): void {
    this.claims++;
    pod.claimedSince = event.at;
    if (event.pool !== poolName) this.#violate('1', `${event.name} was claimed in the pool ${event.pool}`, pod);
    if (event.claimed !== 'true')
      this.#violate('1', `${event.name} has a visitor, and is labelled ${event.claimed}`, pod);
    const age = event.wall - Date.parse(event.claimedAt ?? '');
    // Sessions end by this time: a wrong one ends them at once, or never.
    if (!(age > -toleranceMs && age < this.#limits.claimMs))
      this.#violate('6', `${event.name} says that it was claimed at ${event.claimedAt}, ${age} ms ago`, pod);
    const visitor = event.visitor!;
    const own = this.#byVisitor.get(visitor);
    if (own) own.add(pod);
    else this.#byVisitor.set(visitor, new Set([pod]));
  }

  #judgeEnd(pod: PodHistory, visitor: string, end: PodEvent): void {
    const cause = this.#causeOfEnd(pod, visitor, end);
    this.ends.set(cause ?? 'nothing', (this.ends.get(cause ?? 'nothing') ?? 0) + 1);
    if (cause === undefined) this.#violate('5', `${pod.name} was in use by ${visitor}, and deleted for no cause`, pod);
  }

  #causeOfEnd(pod: PodHistory, visitor: string, { at, wall, claimedAt }: PodEvent): string | undefined {
    const { connectTimeoutMs, maxLifetimeMs, silenceMs } = this.#limits;
    const { uid } = pod;
    const causes = this.#causes;
    const age = wall - Date.parse(claimedAt ?? '') + toleranceMs;
    const connectedAt = causes.connectedAt(uid);
    const silentSince = causes.silentSince(uid);
    if (causes.askedToEnd(visitor, uid)) return 'its visitor';
    if (causes.endedItself(uid)) return 'idle';
    if (causes.administrator(uid)) return 'an administrator';
    const clusterFault = causes.clusterFault(pod, at);
    if (clusterFault !== undefined) return clusterFault;
    if (age >= maxLifetimeMs) return 'lifetime';
    if (age >= connectTimeoutMs && (connectedAt === undefined || at - connectedAt < age - connectTimeoutMs))
      return 'never connected';
    if (age >= connectTimeoutMs && !causes.heardOf(uid)) return 'never heard of';
    if (silentSince !== undefined && at - silentSince + toleranceMs >= silenceMs) return 'silent';
    if (this.#isOneTooMany(pod, visitor, at)) return 'a duplicate';
    return undefined;
  }

  /**
   * Whether the visitor keeps another, which is the one to be kept: connected where this one is not, or else older. A manager asks
   * for it before it deletes this one, and it may end by itself in between.
   */
  #isOneTooMany(pod: PodHistory, visitor: string, at: number): boolean {
    const connected = ({ uid }: PodHistory) => Number(this.#causes.connectedAt(uid) !== undefined);
    const lives = ({ terminatingSince, leftPoolSince, endedSince }: PodHistory) =>
      [terminatingSince, leftPoolSince, endedSince].every((since) => since === undefined || at - since <= toleranceMs);
    return this.historiesOf(visitor).some(
      (other) =>
        other !== pod &&
        lives(other) &&
        (connected(other) > connected(pod) ||
          (connected(other) === connected(pod) && (other.claimedSince ?? 0) <= (pod.claimedSince ?? 0))),
    );
  }

  #violate(invariant: string, what: string, ...pods: PodHistory[]): void {
    this.#onViolation({ invariant, what, uids: pods.map(({ uid }) => uid) });
  }
}
