// Deletes objects whose owners are all gone. https://kubernetes.io/docs/concepts/architecture/garbage-collection/

import type { Registry } from '../api/registry.ts';
import { type Resource, resources } from '../api/resources.ts';

type Dependent = { resource: Resource; namespace: string | undefined; name: string };

/** Returns how to stop. */
export function runGarbageCollector(registry: Registry): () => void {
  const { store } = registry;
  const existing = new Set<string>();
  /** UID of an owner → UID of a dependent → what it is. */
  const dependents = new Map<string, Map<string, Dependent>>();
  /** UIDs of owners that are gone. */
  const due = new Set<string>();
  let scheduled: NodeJS.Immediate | undefined;

  const unsubscribe = resources.map((resource) =>
    store.subscribe(resource, ({ type, object, previous }) => {
      const { uid, namespace, name, ownerReferences = [] } = object.metadata;
      if (type === 'DELETED') existing.delete(uid);
      else existing.add(uid);
      for (const owner of previous?.metadata.ownerReferences ?? []) dependents.get(owner.uid)?.delete(uid);
      if (type === 'DELETED') return collectLater(uid);
      for (const owner of ownerReferences) {
        const siblings = dependents.get(owner.uid) ?? new Map<string, Dependent>();
        dependents.set(owner.uid, siblings.set(uid, { resource, namespace, name }));
        if (!existing.has(owner.uid)) collectLater(owner.uid);
      }
    }),
  );

  function collectLater(owner: string) {
    due.add(owner);
    scheduled ??= setImmediate(collect);
  }

  function collect() {
    scheduled = undefined;
    const owners = [...due];
    due.clear();
    for (const owner of owners) {
      for (const { resource, namespace, name } of [...(dependents.get(owner)?.values() ?? [])]) {
        const owned = store.get(resource, namespace, name)?.metadata.ownerReferences;
        if (owned?.every(({ uid }) => !existing.has(uid))) registry.delete(resource, namespace, name);
      }
      if (dependents.get(owner)?.size === 0) dependents.delete(owner);
    }
  }

  return () => {
    for (const stop of unsubscribe) stop();
    if (scheduled) clearImmediate(scheduled);
  };
}
