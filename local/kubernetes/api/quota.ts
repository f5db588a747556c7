// ResourceQuotas: how many pods, Services and node ports a namespace may have. What would exceed one is refused, in the words
// of a real API server. https://kubernetes.io/docs/concepts/policy/resource-quotas/

import { isOver, type Pod, type Service, type Stored } from './objects.ts';
import type { Registry } from './registry.ts';
import { pods, type Resource, resourceQuotas, services } from './resources.ts';
import { ApiError } from './status.ts';
import type { Store } from './store.ts';

type Usage = Record<string, number>;

/** What a quota may limit here. */
export const quotaNames = ['pods', 'services', 'services.nodeports'];
const counted = [pods, services];

/** Throws 403 when writing `next` in place of `old` would exceed a quota of its namespace. */
export function checkQuotas(store: Store, resource: Resource, next: Stored, old: Stored | undefined): void {
  if (!counted.includes(resource)) return;
  const { name, namespace } = next.metadata;
  const [after, before] = [usageOf(next), old ? usageOf(old) : {}];
  for (const { metadata, spec } of store.each(resourceQuotas, namespace)) {
    const { hard } = spec as { hard: Record<string, string | number> };
    const more = Object.keys(hard).filter((key) => (after[key] ?? 0) > (before[key] ?? 0));
    if (more.length === 0) continue;
    const used = usedIn(store, namespace);
    const sum = (key: string) => used[key] ?? 0;
    const asked = (key: string) => (after[key] ?? 0) - (before[key] ?? 0);
    const exceeded = more.filter((key) => sum(key) + asked(key) > (parseCount(hard[key]) ?? 0)).sort();
    if (exceeded.length === 0) continue;
    const write = (value: (key: string) => unknown) => exceeded.map((key) => `${key}=${value(key)}`).join(',');
    const why = `exceeded quota: ${metadata.name}, requested: ${write(asked)}, used: ${write(sum)}, limited: ${write((key) => hard[key])}`;
    const kind = resource.plural;
    throw new ApiError(403, 'Forbidden', `${kind} "${name}" is forbidden: ${why}`, { name, kind });
  }
}

/** Keeps the status of every quota: what it limits, and how much of that there is. Returns how to stop. */
export function runQuotas(registry: Registry): () => void {
  const { store } = registry;
  let scheduled: NodeJS.Immediate | undefined;
  const run = () => {
    scheduled = undefined;
    for (const quota of [...store.each(resourceQuotas)]) {
      const { hard } = quota.spec as { hard: Record<string, string | number> };
      const all = usedIn(store, quota.metadata.namespace);
      const used = Object.fromEntries(Object.keys(hard).map((key) => [key, String(all[key] ?? 0)]));
      registry.updateStatus(resourceQuotas, quota, (now) => ({ ...now, status: { hard, used } }));
    }
  };
  const stop = [...counted, resourceQuotas].map((resource) =>
    store.subscribe(resource, () => {
      scheduled ??= setImmediate(run);
    }),
  );
  return () => {
    for (const each of stop) each();
    if (scheduled) clearImmediate(scheduled);
  };
}

/** A whole number as quotas write it: `3`, `1k`; undefined for anything else. */
export function parseCount(text: unknown): number | undefined {
  const [, digits, unit = ''] = /^(\d{1,9})(k|M)?$/.exec(String(text)) ?? [];
  return digits === undefined ? undefined : Number(digits) * ({ k: 1e3, M: 1e6 }[unit] ?? 1);
}

function usedIn(store: Store, namespace: string | undefined): Usage {
  const used: Usage = {};
  for (const resource of counted)
    for (const object of store.each(resource, namespace))
      for (const [key, count] of Object.entries(usageOf(object))) used[key] = (used[key] ?? 0) + count;
  return used;
}

function usageOf(object: Stored): Usage {
  if (object.kind === 'Pod') return { pods: isOver(object as Pod) ? 0 : 1 };
  const { type, ports = [] } = (object as Service).spec;
  return { services: 1, 'services.nodeports': type === 'NodePort' ? ports.length : 0 };
}
