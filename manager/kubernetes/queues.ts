// The stored queue of a pool: a ConfigMap with a key for each visitor. Managers write different keys with merge patches, so no manager
// overwrites the keys of another.

import { formatPosition, type RawConfigMap, readQueue } from './objects.ts';
import { createEnsure, marksOf, ownerOf } from './owned.ts';
import type { Cluster } from './port.ts';
import { type Transport, unless } from './transport.ts';

export function createQueues(
  transport: Transport,
  release: string | undefined,
): Pick<Cluster, 'ensureQueue' | 'writePositions'> {
  const path = `/api/v1/namespaces/${transport.namespace}/configmaps`;
  const ensure = createEnsure(transport);
  return {
    ensureQueue(pool) {
      const metadata = {
        name: `${pool.statefulSet}-waiting`,
        labels: marksOf(pool, release),
        ownerReferences: [ownerOf(pool)],
      };
      const wanted = { kind: 'ConfigMap', apiVersion: 'v1', metadata };
      return ensure(path, wanted, readQueue);
    },

    async writePositions({ name, uid, version }, positions, { unchanged = false } = {}) {
      const body = {
        metadata: { uid, ...(unchanged && { resourceVersion: String(version) }) },
        data: Object.fromEntries(
          [...positions].map(([visitor, position]) => [visitor, position ? formatPosition(position) : null]),
        ),
      };
      const contentType = 'application/merge-patch+json';
      const request = transport.request<RawConfigMap>({ method: 'PATCH', path: `${path}/${name}`, contentType, body });
      const written = await unless([404, 409, 422], request);
      return (written && readQueue(written)) ?? 'conflict';
    },
  };
}
