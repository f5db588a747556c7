// Objects that the manager makes for a pool: each has one name, is labelled with its pool, and goes with the StatefulSet,
// which owns it.

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

/** The labels by which the watches find it. */
export const marksOf = ({ name }: Pick<ObservedPool, 'name'>, release: string | undefined) => ({
  [labels.pool]: name,
  ...(release !== undefined && { [labels.release]: release }),
});

type Owned = { metadata: ObjectMeta };

/**
 * Makes an object, or finds the one of its name. One without a controller, left by a StatefulSet that was deleted with
 * `--cascade=orphan`, is adopted, as Kubernetes does with the pods. Throws `conflict` when it is none of the pool's.
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
