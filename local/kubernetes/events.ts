// Events, for `kubectl describe` and `kubectl events`. One that repeats is counted, not written again.
// https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/

import { type Stored, timestamp } from './api/objects.ts';
import type { Registry } from './api/registry.ts';
import { events } from './api/resources.ts';

export type Recorder = (
  about: Stored,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
  component: string,
  fieldPath?: string,
) => void;

/** Keeps the newest `keep` Events. */
export function createRecorder(registry: Registry, now: () => number, keep = 1_000): Recorder {
  const { store } = registry;
  const known = new Map<string, { namespace: string; name: string }>();
  let count = 0;

  const find = (at: { namespace: string; name: string } | undefined) => at && store.get(events, at.namespace, at.name);

  return (about, type, reason, message, component, fieldPath) => {
    const { kind, apiVersion } = about;
    const { name, namespace = 'default', uid, resourceVersion } = about.metadata;
    const key = JSON.stringify([uid, type, reason, message, fieldPath]);
    const time = timestamp(now());
    const old = find(known.get(key));
    if (old) {
      store.put(events, { ...old, count: Number(old.count) + 1, lastTimestamp: time });
      return;
    }
    count += 1;
    const eventName = `${name}.${(now() * 4_096 + (count % 4_096)).toString(16)}`;
    const subject = { kind, namespace, name, uid, apiVersion, resourceVersion, ...(fieldPath && { fieldPath }) };
    const times = { firstTimestamp: time, lastTimestamp: time, count: 1 };
    const event = { involvedObject: subject, type, reason, message, source: { component }, ...times };
    registry.create(events, namespace, { metadata: { name: eventName }, ...event });
    known.set(key, { namespace, name: eventName });
    for (const [oldest, at] of known) {
      if (known.size <= keep) break;
      known.delete(oldest);
      const dropped = find(at);
      if (dropped) store.remove(events, dropped);
    }
  };
}
