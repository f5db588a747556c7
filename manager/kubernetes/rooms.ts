// The waiting room of a pool as a Kubernetes object: a ConfigMap with a key for each visitor. Managers change different
// keys by merge patches, which the API server puts one after the other: none undoes what another has written.

import { describePlace, type RawConfigMap, readRoom } from './objects.ts';
import { createEnsure, marksOf, ownerOf } from './owned.ts';
import type { Cluster } from './port.ts';
import { type Transport, unless } from './transport.ts';

export function createRooms(
  transport: Transport,
  release: string | undefined,
): Pick<Cluster, 'makeRoom' | 'writePlaces'> {
  const path = `/api/v1/namespaces/${transport.namespace}/configmaps`;
  const ensure = createEnsure(transport);
  return {
    makeRoom(pool) {
      const metadata = {
        name: `${pool.statefulSet}-waiting`,
        labels: marksOf(pool, release),
        ownerReferences: [ownerOf(pool)],
      };
      const wanted = { kind: 'ConfigMap', apiVersion: 'v1', metadata };
      return ensure(path, wanted, readRoom);
    },

    async writePlaces({ name, uid, version }, places, { unchanged = false } = {}) {
      const body = {
        metadata: { uid, ...(unchanged && { resourceVersion: String(version) }) },
        data: Object.fromEntries([...places].map(([visitor, place]) => [visitor, place ? describePlace(place) : null])),
      };
      const contentType = 'application/merge-patch+json';
      const request = transport.request<RawConfigMap>({ method: 'PATCH', path: `${path}/${name}`, contentType, body });
      const written = await unless([404, 409, 422], request);
      return (written && readRoom(written)) ?? 'conflict';
    },
  };
}
