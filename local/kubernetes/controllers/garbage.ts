// Garbage collection: what loses its owner, and what is in a namespace that ends, is deleted.
// https://kubernetes.io/docs/concepts/architecture/garbage-collection/

import { isDeepStrictEqual } from 'node:util';
import type { Stored } from '../api/objects.ts';
import type { Registry } from '../api/registry.ts';
import { namespaces, type Resource, resources } from '../api/resources.ts';

type Dependent = { resource: Resource; namespace: string | undefined; name: string };

/** Returns how to stop. */
export function runGarbageCollector(registry: Registry): () => void {
  const { store } = registry;
  const existing = new Set<string>();
  /** UID of an owner → UID of a dependent → what it is. */
  const dependents = new Map<string, Map<string, Dependent>>();
  const due = new Map<string, Stored>();
  let scheduled: NodeJS.Immediate | undefined;
  const later = (object: Stored) => {
    due.set(object.metadata.uid, object);
    scheduled ??= setImmediate(run);
  };

  for (const resource of resources) for (const { metadata } of store.each(resource)) existing.add(metadata.uid);
  const unsubscribe = resources.map((resource) =>
    store.subscribe(resource, ({ type, object, previous }) => {
      const { uid, namespace, name, ownerReferences, deletionTimestamp, finalizers } = object.metadata;
      if (type !== 'MODIFIED' || !isDeepStrictEqual(previous?.metadata.ownerReferences, ownerReferences)) {
        for (const owner of previous?.metadata.ownerReferences ?? []) dependents.get(owner.uid)?.delete(uid);
        for (const owner of (type !== 'DELETED' && ownerReferences) || []) {
          const mine = dependents.get(owner.uid) ?? new Map<string, Dependent>();
          dependents.set(owner.uid, mine.set(uid, { resource, namespace, name }));
          if (!existing.has(owner.uid)) later({ ...object, metadata: { ...object.metadata, uid: owner.uid } });
        }
      }
      if (type === 'DELETED') {
        existing.delete(uid);
        later(object);
        for (const owner of previous?.metadata.ownerReferences ?? [])
          if (waiting.has(owner.uid)) later(waiting.get(owner.uid)!);
        if (namespace !== undefined && ending.has(namespace)) later(ending.get(namespace)!);
        return;
      }
      existing.add(uid);
      if (!deletionTimestamp) return;
      if (resource === namespaces) ending.set(name, object);
      else if (finalizers?.length) waiting.set(uid, object);
      if (resource === namespaces || finalizers?.length) later(object);
    }),
  );
  /** Namespaces and owners that are being deleted, and wait for what is in or under them. */
  const ending = new Map<string, Stored>();
  const waiting = new Map<string, Stored>();

  function run() {
    scheduled = undefined;
    const now = [...due];
    due.clear();
    for (const [uid, object] of now) {
      if (object.kind === 'Namespace' && existing.has(uid)) emptyNamespace(object);
      else if (waiting.has(uid) && existing.has(uid)) finishOwner(uid, waiting.get(uid)!);
      else if (!existing.has(uid)) collect(uid);
    }
  }

  function collect(owner: string) {
    for (const { resource, namespace, name } of [...(dependents.get(owner)?.values() ?? [])]) {
      const object = store.get(resource, namespace, name);
      const orphaned = object?.metadata.ownerReferences?.every(({ uid }) => !existing.has(uid));
      if (orphaned) registry.delete(resource, namespace, name);
    }
    if (dependents.get(owner)?.size === 0) dependents.delete(owner);
    waiting.delete(owner);
  }

  function finishOwner(uid: string, owner: Stored) {
    const finalizers = new Set(owner.metadata.finalizers);
    const under = [...(dependents.get(uid)?.values() ?? [])];
    if (finalizers.has('orphan')) for (const dependent of under) disown(dependent, uid);
    else if (finalizers.has('foregroundDeletion')) {
      for (const { resource, namespace, name } of under) {
        if (!store.get(resource, namespace, name)?.metadata.deletionTimestamp)
          registry.delete(resource, namespace, name);
      }
      if ((dependents.get(uid)?.size ?? 0) > 0) return;
    }
    const resource = resources.find(({ kind }) => kind === owner.kind);
    if (!resource) return;
    registry.update(resource, owner.metadata.namespace, owner.metadata.name, 'all', (copy) => {
      const left = copy.metadata.finalizers?.filter((one) => one !== 'orphan' && one !== 'foregroundDeletion') ?? [];
      return { ...copy, metadata: { ...copy.metadata, finalizers: left } };
    });
  }

  function disown({ resource, namespace, name }: Dependent, owner: string) {
    registry.update(resource, namespace, name, 'all', (copy) => {
      const ownerReferences = copy.metadata.ownerReferences?.filter(({ uid }) => uid !== owner) ?? [];
      return { ...copy, metadata: { ...copy.metadata, ownerReferences } };
    });
  }

  function emptyNamespace(object: Stored) {
    const { name } = object.metadata;
    let left = 0;
    for (const resource of resources) {
      for (const { metadata } of [...store.each(resource, name)]) {
        if (!resource.namespaced) continue;
        if (!metadata.deletionTimestamp && !registry.delete(resource, name, metadata.name).gone) left += 1;
        else if (store.get(resource, name, metadata.name)) left += 1;
      }
    }
    if (left > 0) return;
    ending.delete(name);
    registry.finalize(namespaces, object);
  }

  return () => {
    for (const stop of unsubscribe) stop();
    if (scheduled) clearImmediate(scheduled);
  };
}
