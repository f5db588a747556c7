// ResourceQuotas: how many pods, Services and node ports a namespace may have. A write that exceeds one is refused.
// https://kubernetes.io/docs/concepts/policy/resource-quotas/

import { isOver, type Pod, type Service, type Stored } from './objects.ts';
import type { Registry } from './registry.ts';
import { pods, type Resource, resourceQuotas, services } from './resources.ts';
import { forbidden } from './status.ts';
import type { Store } from './store.ts';

type Usage = Record<string, number>;
type Quota = Stored & { spec: { hard: Record<string, string | number> } };

const counted = [pods, services];

/** Throws 403 when writing `next` in place of `old` would exceed a quota of its namespace. */
export function checkQuotas(store: Store, resource: Resource, next: Stored, old: Stored | undefined): void {
  if (!counted.includes(resource)) return;
  const { name, namespace } = next.metadata;
  const [after, before] = [usageOf(next), old ? usageOf(old) : {}];
  for (const { metadata, spec } of store.each(resourceQuotas, namespace) as Iterable<Quota>) {
    for (const [key, limit] of Object.entries(spec.hard)) {
      const more = (after[key] ?? 0) - (before[key] ?? 0);
      const used = usedIn(store, namespace)[key] ?? 0;
      if (more <= 0 || used + more <= parseCount(limit)) continue;
      const why = `requested: ${key}=${more}, used: ${key}=${used}, limited: ${key}=${limit}`;
      throw forbidden(resource, name, `exceeded quota: ${metadata.name}, ${why}`);
    }
  }
}

/** Keeps the status of every quota. Returns how to stop. */
export function runQuotas(registry: Registry): () => void {
  const { store } = registry;
  let scheduled: NodeJS.Immediate | undefined;
  const run = () => {
    scheduled = undefined;
    for (const quota of [...store.each(resourceQuotas)] as Quota[]) {
      const { hard } = quota.spec;
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

/** `3`, `1k` or `2M` as a number. */
const parseCount = (text: string | number): number => Number(String(text).replace('k', '000').replace('M', '000000'));

function usedIn(store: Store, namespace: string | undefined): Usage {
  const used: Usage = {};
  for (const resource of counted)
    for (const object of store.each(resource, namespace))
      for (const [key, count] of Object.entries(usageOf(object))) used[key] = (used[key] ?? 0) + count;
  return used;
}

function usageOf(object: Stored): Usage {
  if (object.kind === 'Pod') return { pods: isOver(object as Pod) ? 0 : 1 };
  const { type, ports } = (object as Service).spec;
  return { services: 1, 'services.nodeports': type === 'NodePort' ? ports.length : 0 };
}
