// Does what StatefulSets need, whenever a set or one of its pods changes. A change that cannot matter, such as a claim's label, costs
// nothing. A creation that fails is tried again with back-off.

import { isOver, isReady, type Pod, type StatefulSet } from '../api/objects.ts';
import type { Registry } from '../api/registry.ts';
import { pods, statefulSets } from '../api/resources.ts';
import { ApiError } from '../api/status.ts';
import type { Recorder } from '../events.ts';
import { ownerOf, ownerReference, planSet, podOf, revisionLabel, selects } from './statefulset-plan.ts';

// A real controller waits for up to 1,000 s. This API serves one machine, so 10 s are enough.
const retry = { firstMs: 5, maxMs: 10_000 };

/** Returns how to stop. */
export function runStatefulSets(registry: Registry, record: Recorder): () => void {
  const { store } = registry;
  const sets = new Map<string, StatefulSet>();
  /** UID of a set → name → pod. */
  const owned = new Map<string, Map<string, Pod>>();
  /** Pods without a controller, by UID. */
  const orphans = new Map<string, Pod>();
  /** UID of a set → its failures in a row, and the timer of the next try. */
  const failures = new Map<string, { count: number; timer: NodeJS.Timeout | undefined }>();
  const due = new Set<string>();
  let scheduled: NodeJS.Immediate | undefined;

  const enqueue = (uid: string) => {
    due.add(uid);
    scheduled ??= setImmediate(run);
  };

  const unsubscribe = [
    store.subscribe(statefulSets, ({ type, object }) => {
      const { uid } = object.metadata;
      if (type === 'DELETED') sets.delete(uid);
      else sets.set(uid, object as StatefulSet);
      enqueue(uid);
    }),
    store.subscribe(pods, ({ type, object, previous }) => {
      const pod = object as Pod;
      const { name, uid } = pod.metadata;
      const [owner, before] = [ownerOf(pod), previous && ownerOf(previous)];
      orphans.delete(uid);
      if (before !== undefined) owned.get(before)?.delete(name);
      if (before !== undefined && before !== owner) enqueue(before);
      if (owner === undefined) {
        if (type === 'DELETED') return;
        orphans.set(uid, pod);
        for (const [each, set] of sets) if (selects(set, pod)) enqueue(each);
        return;
      }
      const siblings = owned.get(owner) ?? new Map<string, Pod>();
      owned.set(owner, siblings);
      if (type !== 'DELETED') siblings.set(name, pod);
      if (type === 'DELETED' || matters(pod, previous as Pod | undefined, sets.get(owner))) enqueue(owner);
    }),
  ];

  function run() {
    scheduled = undefined;
    const now = [...due];
    due.clear();
    for (const uid of now) {
      const set = sets.get(uid);
      if (set) reconcile(set);
      else {
        owned.delete(uid);
        forgetFailures(uid);
      }
    }
  }

  function reconcile(set: StatefulSet) {
    const { namespace, uid, deletionTimestamp } = set.metadata;
    if (deletionTimestamp) return;
    claimPods(set);
    const { create, remove, status } = planSet(set, [...(owned.get(uid)?.values() ?? [])]);
    const created = create.every((ordinal) => createPod(set, ordinal));
    if (created) forgetFailures(uid);
    else retryLater(uid);
    for (const pod of remove) {
      // As long as pods cannot be created, a real controller does not shrink the set.
      if (!created && !isOver(pod)) continue;
      const { name } = pod.metadata;
      registry.delete(pods, namespace, name);
      const message = `delete Pod ${name} in StatefulSet ${set.metadata.name} successful`;
      record(set, 'Normal', 'SuccessfulDelete', message, 'statefulset-controller');
    }
    registry.updateStatus(statefulSets, set, (now) => ({ ...now, status }));
  }

  /** Adopts pods without a controller that the set selects, and releases pods that it no longer selects. */
  function claimPods(set: StatefulSet) {
    const released = [...(owned.get(set.metadata.uid)?.values() ?? [])].filter((pod) => !selects(set, pod));
    const adopted = [...orphans.values()].filter((pod) => selects(set, pod));
    for (const { metadata } of [...released, ...adopted]) {
      if (metadata.deletionTimestamp) continue;
      registry.update(pods, metadata.namespace, metadata.name, 'all', (copy) => {
        const others = copy.metadata.ownerReferences?.filter(({ uid }) => uid !== set.metadata.uid) ?? [];
        const ownerReferences = ownerOf(copy) === set.metadata.uid ? others : [...others, ownerReference(set)];
        return { ...copy, metadata: { ...copy.metadata, ownerReferences } };
      });
    }
  }

  function createPod(set: StatefulSet, ordinal: number): boolean {
    const name = `${set.metadata.name}-${ordinal}`;
    try {
      registry.create(pods, set.metadata.namespace, podOf(set, ordinal));
      const message = `create Pod ${name} in StatefulSet ${set.metadata.name} successful`;
      record(set, 'Normal', 'SuccessfulCreate', message, 'statefulset-controller');
      return true;
    } catch (error) {
      // A real controller records nothing about another pod of that name, such as one that is still ending.
      if (error instanceof ApiError && error.reason === 'AlreadyExists') return false;
      const why = `create Pod ${name} in StatefulSet ${set.metadata.name} failed error: ${(error as Error).message}`;
      record(set, 'Warning', 'FailedCreate', why, 'statefulset-controller');
      return false;
    }
  }

  function retryLater(uid: string) {
    const { count = 0, timer } = failures.get(uid) ?? {};
    if (timer) return;
    const again = () => {
      failures.set(uid, { count: count + 1, timer: undefined });
      enqueue(uid);
    };
    failures.set(uid, { count, timer: setTimeout(again, Math.min(retry.maxMs, retry.firstMs * 2 ** count)) });
  }

  function forgetFailures(uid: string) {
    clearTimeout(failures.get(uid)?.timer);
    failures.delete(uid);
  }

  return () => {
    for (const stop of unsubscribe) stop();
    if (scheduled) clearImmediate(scheduled);
    for (const uid of [...failures.keys()]) forgetFailures(uid);
  };
}

const matters = (pod: Pod, before: Pod | undefined, set: StatefulSet | undefined): boolean =>
  before === undefined ||
  before.metadata.deletionTimestamp !== pod.metadata.deletionTimestamp ||
  before.metadata.labels?.[revisionLabel] !== pod.metadata.labels?.[revisionLabel] ||
  (set !== undefined && !selects(set, pod)) ||
  ownerOf(before) !== ownerOf(pod) ||
  before.status.phase !== pod.status.phase ||
  isReady(before) !== isReady(pod);
