// The capacity of the cluster that the manager polls: quotas, and pods that share nodes with terminals.

import { labels } from '../../common/names.ts';
import { ApiError } from './api-error.ts';
import { type RawPodSpec, type RawQuota, readNeeds, readQuota } from './capacity-objects.ts';
import type { Cluster } from './port.ts';
import type { Transport } from './transport.ts';

type RawPodList = { items: { spec?: RawPodSpec; status?: { phase?: string } }[] };

export function createCapacity(transport: Transport, release: string | undefined): Pick<Cluster, 'readCapacity'> {
  const core = `/api/v1/namespaces/${transport.namespace}`;
  const get = <T>(path: string, signal: AbortSignal | undefined) =>
    transport.request<T>({ method: 'GET', path: `${core}/${path}`, signal });

  async function readQuotas(signal: AbortSignal | undefined) {
    try {
      return (await get<{ items: RawQuota[] }>('resourcequotas', signal)).items.map(readQuota);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // An API server without this kind has no quotas.
      if (error.status === 404) return [];
      if (error.status === 403) return undefined;
      throw error;
    }
  }

  async function readNeighbours(signal: AbortSignal | undefined) {
    const others = [`!${labels.pool}`, ...(release ? [`${labels.pool},${labels.release}!=${release}`] : [])];
    const lists = await Promise.all(
      others.map((selector) => get<RawPodList>(`pods?labelSelector=${encodeURIComponent(selector)}`, signal)),
    );
    const pods = lists.flatMap(({ items }) => items);
    return pods.flatMap(({ spec, status }) => {
      const isOver = status?.phase === 'Succeeded' || status?.phase === 'Failed';
      return spec?.nodeName && !isOver ? [{ node: spec.nodeName, requests: readNeeds(spec).requests }] : [];
    });
  }

  return {
    async readCapacity(signal) {
      const [quotas, neighbours] = await Promise.all([readQuotas(signal), readNeighbours(signal)]);
      return { quotas, neighbours };
    },
  };
}
