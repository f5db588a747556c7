// Objects that the manager creates for a pool: each has a fixed name, the pool's labels, and the StatefulSet as owner, so it is
// deleted with the StatefulSet.

import { ServiceError } from '../../common/errors.ts';
import { labels } from '../../common/names.ts';
import type { ObservedPool } from '../model/observation.ts';
import type { ObjectMeta } from './objects.ts';
import { type Transport, unless } from './transport.ts';

export const ownerOf = ({ statefulSet, uid }: ObservedPool) => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  name: statefulSet,
  uid,
  controller: true,
});

/** The labels that the watches select. */
export const marksOf = ({ name }: Pick<ObservedPool, 'name'>, release: string | undefined) => ({
  [labels.pool]: name,
  ...(release !== undefined && { [labels.release]: release }),
});

type Owned = { metadata: ObjectMeta };

/**
 * Creates an object, or returns the existing one of its name. Adopts an object without a controller, left by a StatefulSet that was
 * deleted with `--cascade=orphan`, as Kubernetes does with pods. Throws `conflict` when the object does not belong to the pool.
 */
export const createEnsure =
  (transport: Transport) =>
  async <Raw extends Owned, T>(
    path: string,
    wanted: { metadata: { name: string; ownerReferences: ReturnType<typeof ownerOf>[] } },
    read: (raw: Raw) => T | undefined,
  ): Promise<T> => {
    const { name, ownerReferences } = wanted.metadata;
    const at = `${path}/${name}`;
    const created = await unless([409], transport.request<Raw>({ method: 'POST', path, body: wanted }));
    const existing = created ?? (await transport.request<Raw>({ method: 'GET', path: at }));
    const found = read(existing);
    if (!found)
      throw new ServiceError('conflict', `${at} is there already, without the label ${labels.pool}, or going`);
    const { uid, resourceVersion, ownerReferences: owners = [] } = existing.metadata;
    const controller = owners.find(({ controller }) => controller === true);
    if (controller && controller.uid !== ownerReferences[0]?.uid) {
      const owner = `${controller.kind} ${controller.name} (UID ${controller.uid})`;
      throw new ServiceError('conflict', `${at} belongs to ${owner}, which is another one or was deleted`);
    }
    if (controller) return found;
    const body = { metadata: { uid, resourceVersion, ownerReferences: [...owners, ...ownerReferences] } };
    const contentType = 'application/merge-patch+json';
    const adopted = read(await transport.request<Raw>({ method: 'PATCH', path: at, contentType, body }));
    return adopted ?? found;
  };
