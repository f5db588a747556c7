// Carries out what StatefulSets need, whenever a set or one of its pods changes. A change that cannot matter, such as
// a claim's label, costs nothing.

import type { Pod, StatefulSet, Stored } from '../api/objects.ts';
import { isReady } from '../api/objects.ts';
import type { Registry } from '../api/registry.ts';
import { pods, statefulSets } from '../api/resources.ts';
import type { Recorder } from '../events.ts';
import { planSet, podOf, revisionLabel } from './statefulset-plan.ts';

/** Returns how to stop. */
export function runStatefulSets(registry: Registry, record: Recorder): () => void {
  const { store } = registry;
  /** UID of a set → name → pod. */
  const owned = new Map<string, Map<string, Pod>>();
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
      if (before !== undefined && before !== uid) owned.get(before)?.delete(object.metadata.name);
      if (uid === undefined) return;
      const mine = owned.get(uid) ?? new Map<string, Pod>();
      owned.set(uid, mine);
      if (type === 'DELETED') mine.delete(object.metadata.name);
      else mine.set(object.metadata.name, object as Pod);
      if (type === 'DELETED' || matters(object as Pod, previous as Pod | undefined)) wake(uid);
    }),
  ];

  function run() {
    scheduled = undefined;
    const now = [...due];
    due.clear();
    for (const uid of now) {
      const set = sets.get(uid);
      if (set) reconcile(set);
      else owned.delete(uid);
    }
  }

  function reconcile(set: StatefulSet) {
    const { namespace, uid } = set.metadata;
    const mine = owned.get(uid);
    const { create, remove, status } = planSet(set, [...(mine?.values() ?? [])]);
    if (!set.metadata.deletionTimestamp) {
      for (const ordinal of create) createPod(set, ordinal);
      for (const { metadata } of remove) {
        registry.delete(pods, namespace, metadata.name);
        record(set, 'Normal', 'SuccessfulDelete', told('delete', metadata.name, set), 'statefulset-controller');
      }
    }
    registry.updateStatus(statefulSets, set, (now) => ({ ...now, status }));
  }

  function createPod(set: StatefulSet, ordinal: number) {
    const name = `${set.metadata.name}-${ordinal}`;
    try {
      registry.create(pods, set.metadata.namespace, podOf(set, ordinal));
      record(set, 'Normal', 'SuccessfulCreate', told('create', name, set), 'statefulset-controller');
    } catch (error) {
      const why = `create Pod ${name} in StatefulSet ${set.metadata.name} failed error: ${(error as Error).message}`;
      record(set, 'Warning', 'FailedCreate', why, 'statefulset-controller');
    }
  }

  return () => {
    for (const stop of unsubscribe) stop();
    if (scheduled) clearImmediate(scheduled);
  };
}

const told = (verb: string, pod: string, { metadata }: StatefulSet) =>
  `${verb} Pod ${pod} in StatefulSet ${metadata.name} successful`;

const ownerOf = ({ metadata }: Stored): string | undefined =>
  metadata.ownerReferences?.find(({ kind, controller }) => controller && kind === 'StatefulSet')?.uid;

const matters = (pod: Pod, before: Pod | undefined): boolean =>
  before === undefined ||
  before.metadata.uid !== pod.metadata.uid ||
  before.metadata.deletionTimestamp !== pod.metadata.deletionTimestamp ||
  before.metadata.labels?.[revisionLabel] !== pod.metadata.labels?.[revisionLabel] ||
  ownerOf(before) !== ownerOf(pod) ||
  before.status.phase !== pod.status.phase ||
  isReady(before) !== isReady(pod);
