// Checks the history of pods, event by event, against the actions of visitors and administrators. Pure: knows no API and no
// clock. Times are those of the events, in milliseconds.

import type { PodEvent } from './history.ts';

export type Violation = {
  /** The number of the invariant, or `convergence`. */
  invariant: string;
  what: string;
  /** The pods concerned. */
  uids: string[];
};

/** The known causes by which a session may end. */
export type Causes = {
  /** The visitor has requested an end or a restart of this terminal. */
  askedToEnd(visitor: string, uid: string): boolean;
  /** The pod has requested its own deletion. */
  endedItself(uid: string): boolean;
  /** An administrator has deleted the pod, or scaled it away. */
  administrator(uid: string): boolean;
  /** The cluster fault that may have ended the session at the time `at`: see losses.ts. */
  clusterFault(pod: PodHistory, at: number): string | undefined;
  /** When a browser first connected to it; undefined for never. */
  connectedAt(uid: string): number | undefined;
  /** Whether a manager has received a report of it. Managers know no connection that was not reported. */
  heardOf(uid: string): boolean;
  /** The time since when the pod has not reported although it should; undefined if it reports. */
  silentSince(uid: string): number | undefined;
};

export type Limits = {
  connectTimeoutMs: number;
  maxLifetimeMs: number;
  silenceMs: number;
  /** The longest time from the start of a claim to its effect. */
  claimMs: number;
};

export type PodHistory = {
  name: string;
  uid: string;
  events: PodEvent[];
  /** When it was first seen claimed. */
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

/** Whether a session can continue in the pod: it is in the pool, runs, and is not about to be deleted. */
export const isLive = ({ terminatingSince, leftPoolSince, endedSince }: PodHistory): boolean =>
  terminatingSince === undefined && leftPoolSince === undefined && endedSince === undefined;

const isEnded = ({ phase }: PodEvent): boolean => phase === 'Succeeded' || phase === 'Failed';

// Watch events are delayed, and API servers write times in whole seconds.
const toleranceMs = 2_000;

export class Checker {
  readonly pods = new Map<string, PodHistory>();
  readonly #byVisitor = new Map<string, Set<PodHistory>>();
  readonly #causes: Causes;
  readonly #limits: Limits;
  readonly #onViolation: (violation: Violation) => void;
  claims = 0;
  /** Ended sessions by their possible causes. */
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
    // A pod that is labelled back is in the pool again, and its session continues.
    pod.leftPoolSince = event.pool === poolName ? undefined : (pod.leftPoolSince ?? event.at);
    if (isEnded(event)) pod.endedSince ??= event.at;
    const going = event.terminating || event.type === 'DELETED';
    if (going && pod.terminatingSince === undefined) {
      pod.terminatingSince = event.at;
      if (event.visitor !== undefined) this.#judgeEnd(pod, event.visitor, event);
    }
    if (event.type === 'DELETED') pod.goneSince = event.at;
  }

  /** The visitor's existing terminals, oldest claim first. */
  terminalsOf(visitor: string): PodHistory[] {
    return [...(this.#byVisitor.get(visitor) ?? [])].filter(isLive);
  }

  /** All terminals that the visitor has had, unless forgotten. */
  historiesOf(visitor: string): PodHistory[] {
    return [...(this.#byVisitor.get(visitor) ?? [])];
  }

  /** Every existing claimed pod, with its visitor. */
  *inUse(): Iterable<{ pod: PodHistory; visitor: string }> {
    for (const [visitor, pods] of this.#byVisitor) {
      for (const pod of pods) if (isLive(pod)) yield { pod, visitor };
    }
  }

  /** Forgets pods that were deleted before `time`. */
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
      // Other visitors are not affected, but this visitor gets a pod that is about to be deleted.
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
