// Carries out what StatefulSets need, whenever a set or one of its pods changes. A change that cannot matter, such as
// a claim's label, costs nothing. What fails is tried again, with back-off.

import type { Pod, StatefulSet } from '../api/objects.ts';
import { isReady } from '../api/objects.ts';
import type { Registry } from '../api/registry.ts';
import { pods, statefulSets } from '../api/resources.ts';
import { ApiError } from '../api/status.ts';
import type { Recorder } from '../events.ts';
import { ownerOf, ownerReference, planSet, podOf, revisionLabel, selects } from './statefulset-plan.ts';

// A real controller doubles the delay up to 1,000 s. This API serves one machine, so 10 s are enough.
const retry = { firstMs: 5, longestMs: 10_000 };

/** Returns how to stop. */
export function runStatefulSets(registry: Registry, record: Recorder): () => void {
  const { store } = registry;
  /** UID of a set → name → pod. */
  const owned = new Map<string, Map<string, Pod>>();
  /** Pods that no controller owns, by UID: a set adopts those that its selector and their names make its own. */
  const orphans = new Map<string, Pod>();
  /** UID of a set → its failures in a row, and what tries again. */
  const failures = new Map<string, { count: number; timer: NodeJS.Timeout | undefined }>();
  const due = new Set<string>();
  let scheduled: NodeJS.Immediate | undefined;

  const wake = (uid: string) => {
    due.add(uid);
    scheduled ??= setImmediate(run);
  };
  const sets = new Map<string, StatefulSet>();

  const unsubscribe = [
    store.subscribe(statefulSets, ({ type, object }) => {
      const { uid } = object.metadata;
      if (type === 'DELETED') sets.delete(uid);
      else sets.set(uid, object as StatefulSet);
      wake(uid);
    }),
    store.subscribe(pods, ({ type, object, previous }) => {
      const uid = ownerOf(object);
      const before = previous && ownerOf(previous);
      if (before !== undefined && before !== uid) {
        owned.get(before)?.delete(object.metadata.name);
        wake(before);
      }
      orphans.delete(object.metadata.uid);
      if (uid === undefined) {
        if (type === 'DELETED') return;
        orphans.set(object.metadata.uid, object as Pod);
        for (const [each, set] of sets) if (selects(set, object as Pod)) wake(each);
        return;
      }
      const mine = owned.get(uid) ?? new Map<string, Pod>();
      owned.set(uid, mine);
      if (type === 'DELETED') mine.delete(object.metadata.name);
      else mine.set(object.metadata.name, object as Pod);
      const set = sets.get(uid);
      if (type === 'DELETED' || matters(object as Pod, previous as Pod | undefined)) wake(uid);
      else if (set && previous?.metadata.labels !== object.metadata.labels && !selects(set, object as Pod)) wake(uid);
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
        succeed(uid);
      }
    }
  }

  function reconcile(set: StatefulSet) {
    const { namespace, uid } = set.metadata;
    if (!set.metadata.deletionTimestamp) claimPods(set);
    const { create, remove, status } = planSet(set, [...(owned.get(uid)?.values() ?? [])]);
    if (!set.metadata.deletionTimestamp) {
      const done = createPods(set, create);
      if (done) succeed(uid);
      else fail(uid);
      for (const { metadata, over } of remove) {
        // Like a real controller: as long as pods cannot be made, the set does not shrink.
        if (!done && !over) continue;
        registry.delete(pods, namespace, metadata.name);
        record(set, 'Normal', 'SuccessfulDelete', told('delete', metadata.name, set), 'statefulset-controller');
      }
    }
    registry.updateStatus(statefulSets, set, (now) => ({ ...now, status }));
  }

  /** Adopts pods without a controller that the set selects, and lets go of its own that it does not select any more. */
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

  /** Creates in batches of 1, 2, 4 ... ordinals, as a real controller does; none after a batch that failed. */
  function createPods(set: StatefulSet, ordinals: number[]): boolean {
    const batchOf = (ordinal: number) => Math.floor(Math.log2(ordinal + 1));
    let failed: number | undefined;
    for (const ordinal of ordinals) {
      if (failed !== undefined && batchOf(ordinal) > failed) break;
      if (!createPod(set, ordinal)) failed = batchOf(ordinal);
    }
    return failed === undefined;
  }

  function createPod(set: StatefulSet, ordinal: number): boolean {
    const name = `${set.metadata.name}-${ordinal}`;
    try {
      registry.create(pods, set.metadata.namespace, podOf(set, ordinal));
      record(set, 'Normal', 'SuccessfulCreate', told('create', name, set), 'statefulset-controller');
      return true;
    } catch (error) {
      // A real controller says nothing of a pod of that name that is not the set's, such as one that still ends.
      if (error instanceof ApiError && error.reason === 'AlreadyExists') return false;
      const why = `create Pod ${name} in StatefulSet ${set.metadata.name} failed error: ${(error as Error).message}`;
      record(set, 'Warning', 'FailedCreate', why, 'statefulset-controller');
      return false;
    }
  }

  function fail(uid: string) {
    const before = failures.get(uid);
    if (before?.timer) return;
    const { count = 0 } = before ?? {};
    const again = () => {
      failures.set(uid, { count: count + 1, timer: undefined });
      wake(uid);
    };
    failures.set(uid, { count, timer: setTimeout(again, Math.min(retry.longestMs, retry.firstMs * 2 ** count)) });
  }

  function succeed(uid: string) {
    clearTimeout(failures.get(uid)?.timer);
    failures.delete(uid);
  }

  return () => {
    for (const stop of unsubscribe) stop();
    if (scheduled) clearImmediate(scheduled);
    for (const uid of [...failures.keys()]) succeed(uid);
  };
}

const told = (verb: string, pod: string, { metadata }: StatefulSet) =>
  `${verb} Pod ${pod} in StatefulSet ${metadata.name} successful`;

const matters = (pod: Pod, before: Pod | undefined): boolean =>
  before === undefined ||
  before.metadata.uid !== pod.metadata.uid ||
  before.metadata.deletionTimestamp !== pod.metadata.deletionTimestamp ||
  before.metadata.labels?.[revisionLabel] !== pod.metadata.labels?.[revisionLabel] ||
  ownerOf(before) !== ownerOf(pod) ||
  before.status.phase !== pod.status.phase ||
  isReady(before) !== isReady(pod);
