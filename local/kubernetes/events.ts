// Events: what `kubectl describe` and `kubectl get events` tell. One that repeats is counted, not written again.
// https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/

import { type Stored, timestamp } from './api/objects.ts';
import type { Registry } from './api/registry.ts';
import { events, namespaces } from './api/resources.ts';

export type Recorder = (
  about: Stored,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
  component: string,
  fieldPath?: string,
) => void;

/** Keeps the newest `keep` events. */
export function createRecorder(registry: Registry, now: () => number, keep = 1_000): Recorder {
  const { store } = registry;
  const names = new Map<string, { namespace: string; name: string }>();
  let count = 0;

  return (about, type, reason, message, component, fieldPath) => {
    const { name, namespace = 'default', uid, resourceVersion } = about.metadata;
    if (store.get(namespaces, undefined, namespace)?.metadata.deletionTimestamp !== undefined) return;
    const key = JSON.stringify([uid, type, reason, message, fieldPath]);
    const time = timestamp(now());
    const known = names.get(key);
    const old = known && store.get(events, known.namespace, known.name);
    if (old) {
      store.put(events, { ...old, count: Number(old.count ?? 1) + 1, lastTimestamp: time });
      return;
    }
    count += 1;
    const eventName = `${name}.${(now() * 4_096 + (count % 4_096)).toString(16)}`;
    registry.create(events, namespace, {
      kind: 'Event',
      apiVersion: 'v1',
      metadata: { name: eventName },
      involvedObject: {
        kind: about.kind,
        namespace,
        name,
        uid,
        apiVersion: about.apiVersion,
        resourceVersion,
        ...(fieldPath && { fieldPath }),
      },
      reason,
      message,
      source: { component },
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
      type,
    });
    names.set(key, { namespace, name: eventName });
    for (const [oldest, { namespace: where, name: which }] of names) {
      if (names.size <= keep) break;
      names.delete(oldest);
      const dropped = store.get(events, where, which);
      if (dropped) store.remove(events, dropped);
    }
  };
}
