// Objects that the manager makes for a pool: each has one name, is labelled with its pool, and goes with the StatefulSet,
// which owns it.

import { ServiceError } from '../../common/errors.ts';
import { labels } from '../../common/names.ts';
import type { ObservedPool } from '../pool/observation.ts';
import { type Transport, unless } from './transport.ts';

export const ownerOf = ({ statefulSet, uid }: ObservedPool) => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  name: statefulSet,
  uid,
  controller: true,
});

/** Makes an object, or finds the one of its name; throws `conflict` when that is none of ours. */
export const createEnsure =
  (transport: Transport) =>
  async <Raw, T>(
    path: string,
    wanted: { metadata: { name: string } },
    read: (raw: Raw) => T | undefined,
  ): Promise<T> => {
    const { name } = wanted.metadata;
    const created = await unless([409], transport.request<Raw>({ method: 'POST', path, body: wanted }));
    const found = read(created ?? (await transport.request<Raw>({ method: 'GET', path: `${path}/${name}` })));
    if (found) return found;
    throw new ServiceError('conflict', `${path}/${name} is there already, without the label ${labels.pool}, or going`);
  };
