// The sessions that each fault of the cluster may end. All others must survive it.
//
// | fault | what may end | when |
// | --- | --- | --- |
// | pool deleted | sessions of pods that the deleted StatefulSet owned | from the deletion on |
// | Node deleted | sessions of pods on the node | after the manager's grace, at once if the visitor has asked for a terminal since; until the managers know of its return. One that returns only for a moment was away all the time, and Kubernetes collects the pods of one that is away 40 s later, too |
// | pod Completed or Failed | the session of that pod | from then on |
// | pod relabelled | the session's place in the pool: its visitor may get another terminal | while it has the other label |
// | second set, exposure refused, quota of pods | nothing | |

import type { PodHistory } from './invariants.ts';

/** `from`: the time at which the node became NotReady or was deleted. */
type Absence = { from: number; deletedAt: number | undefined; to: number | undefined };

// The time for which the manager waits for a node's return.
const nodeGraceMs = 10_000;
const toleranceMs = 2_000;
// The collector notes a missing Node, and deletes its pods if it is still missing at the next check.
const collectedAfterMs = 40_000;
const collectedByMs = 80_000;

export type Losses = ReturnType<typeof createLosses>;

export type LossesOptions = {
  /** The longest delay until a manager sees a change. */
  knownWithinMs: number;
  /** Whether the visitor has requested a terminal since. */
  hasAskedSince: (visitor: string, time: number) => boolean;
  /** The clock of the history: performance.now. */
  clock?: () => number;
};

export function createLosses({ knownWithinMs, hasAskedSince, clock = () => performance.now() }: LossesOptions) {
  /** By UID of the StatefulSet. */
  const deletedSets = new Map<string, number>();
  const absences = new Map<string, Absence[]>();
  const endedPods = new Set<string>();
  /** When the pool was last without its StatefulSet (from, to), and when its Services were last tampered with. */
  let poolAbsence = { from: Number.NEGATIVE_INFINITY, to: Number.NEGATIVE_INFINITY };
  let exposureTouchedAt = Number.NEGATIVE_INFINITY;

  const absencesOf = ({ events }: PodHistory) => absences.get(events.at(-1)?.node ?? '') ?? [];

  return {
    deletesSet(uid: string): void {
      deletedSets.set(uid, clock());
    },
    /** The pool's StatefulSet is about to be deleted. This may take long: its pods are deleted first, or their nodes are away. */
    takesPool(): void {
      if (poolAbsence.to !== Number.POSITIVE_INFINITY) poolAbsence = { from: clock(), to: Number.POSITIVE_INFINITY };
    },
    /** The pool has a StatefulSet again. */
    returnsPool(): void {
      poolAbsence.to = clock();
    },
    touchesExposure(): void {
      exposureTouchedAt = clock();
    },
    endsPod(uid: string): void {
      endedPods.add(uid);
    },
    /** The node is NotReady, or about to be deleted. Returns functions that report its later states. */
    takesNode(name: string): { deleted(): void; returned(): void } {
      const absence: Absence = { from: clock(), deletedAt: undefined, to: undefined };
      const all = absences.get(name) ?? [];
      absences.set(name, [...all, absence]);
      return {
        deleted() {
          absence.deletedAt = clock();
        },
        returned() {
          absence.to = clock();
        },
      };
    },
    /** The fault that allows the pod's session to end at the time `at`; undefined if none does. */
    causeOfEnd(pod: PodHistory, at: number): string | undefined {
      // A relabelled pod has lost its owner meanwhile.
      if (pod.events.some(({ owner = '' }) => deletedSets.has(owner))) return 'pool deleted';
      if (endedPods.has(pod.uid)) return 'pod Completed or Failed';
      const { visitor = '' } = pod.events.at(-1)!;
      const isLost = ({ from, deletedAt, to = at }: Absence) =>
        deletedAt !== undefined &&
        (at >= from + nodeGraceMs - toleranceMs || (at >= deletedAt && hasAskedSince(visitor, deletedAt))) &&
        at <= to + knownWithinMs;
      const all = mergeAbsences(absencesOf(pod), knownWithinMs);
      return all.some(isLost) || isCollected(all, at) ? 'Node deleted' : undefined;
    },
    /** Whether the pod's node exists. */
    hasNode: (pod: PodHistory) => absencesOf(pod).every(({ to }) => to !== undefined),
    /** The reason why a manager that knows everything up to `known` should not have given out the pod. */
    whyUnfit(pod: PodHistory, known: number): string | undefined {
      if (absencesOf(pod).some(({ deletedAt = Infinity, to }) => deletedAt < known && to === undefined))
        return 'its Node was deleted';
      if (pod.endedSince !== undefined && pod.endedSince < known) return 'it had ended';
      return undefined;
    },
    /** Since when the pool had no StatefulSet; undefined if it had one continuously since `time`. */
    poolAbsentFrom: (time: number) => (poolAbsence.to > time ? poolAbsence.from : undefined),
    exposureTouchedSince: (time: number) => exposureTouchedAt > time,
  };
}

/** A manager may miss that a node was back for a moment: to it, the node was away since the first absence. */
function mergeAbsences(absences: Absence[], knownWithinMs: number): Absence[] {
  const merged: Absence[] = [];
  for (const absence of absences) {
    const former = merged.at(-1);
    const isUnheard = former?.to !== undefined && absence.from <= former.to + knownWithinMs;
    merged.push(isUnheard ? { ...absence, from: former.from } : absence);
  }
  return merged;
}

/**
 * Whether Kubernetes' own pod collector may take the pods of the node at the time `at`. It does not look whether the node was there
 * in between: https://github.com/kubernetes/kubernetes/blob/v1.20.2/pkg/controller/podgc/gc_controller.go
 */
function isCollected(absences: Absence[], at: number): boolean {
  const age = ({ deletedAt = Number.POSITIVE_INFINITY }: Absence) => at - deletedAt;
  const isAway = absences.some((absence) => age(absence) >= 0 && at <= (absence.to ?? at));
  const wasNoted = absences.some((each) => age(each) >= collectedAfterMs - toleranceMs && age(each) <= collectedByMs);
  return isAway && wasNoted;
}
