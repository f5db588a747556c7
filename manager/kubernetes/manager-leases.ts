// The Leases by which managers detect each other. Each manager has its own.

import type { Logger } from '../../common/log.ts';
import { labels, leaseOf } from '../../common/names.ts';
import { describeLease } from './objects.ts';
import type { Cluster, PodRef } from './port.ts';
import { type ApiRequest, type Transport, unless } from './transport.ts';
import { listAndWatch } from './watch.ts';

type Part = Pick<Cluster, 'watchManagers' | 'reportManager' | 'removeManager'>;

const kind = { kind: 'Lease', apiVersion: 'coordination.k8s.io/v1' };
// A request that hangs must not delay the manager's shutdown.
const deadlineMs = 2_000;

export function createManagerLeases(options: {
  transport: Transport;
  log: Logger;
  onWatchBroken: (path: string) => void;
  /** The release that the managers belong to. */
  release: string | undefined;
  /** This manager's own pod. It owns the Lease, so the Lease is deleted with it. */
  pod: PodRef | undefined;
}): Part {
  const { transport, log, onWatchBroken, release, pod } = options;
  const marks = { [labels.lease]: leaseOf(release) };
  const ownerReferences = pod && [{ apiVersion: 'v1', kind: 'Pod', name: pod.name, uid: pod.uid }];
  const path = `/apis/coordination.k8s.io/v1/namespaces/${transport.namespace}/leases`;
  const ask = (request: ApiRequest) => transport.request({ ...request, lane: 'leases', deadlineMs });

  return {
    watchManagers: (observe, signal) =>
      listAndWatch(
        {
          transport,
          path,
          labelSelector: `${labels.lease}=${leaseOf(release)}`,
          log,
          onObject: (name, lease) => observe(name, lease?.metadata.resourceVersion),
          onBroken: () => onWatchBroken(path),
          onListed: () => {},
        },
        signal,
      ),

    async reportManager(name, lease) {
      const body = { metadata: { labels: marks }, spec: describeLease(lease) };
      const contentType = 'application/merge-patch+json';
      if (await unless([404], ask({ method: 'PATCH', path: `${path}/${name}`, contentType, body }))) return;
      const made = { ...kind, ...body, metadata: { name, labels: marks, ownerReferences } };
      await unless([409], ask({ method: 'POST', path, body: made }));
    },

    async removeManager({ name, version }) {
      const preconditions = version === undefined ? undefined : { resourceVersion: version };
      const body = { kind: 'DeleteOptions', apiVersion: 'v1', preconditions };
      await unless([404, 409], ask({ method: 'DELETE', path: `${path}/${name}`, body }));
    },
  };
}
