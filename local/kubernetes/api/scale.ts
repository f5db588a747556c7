// The `scale` subresource: a view of a StatefulSet, through which `kubectl scale` changes its replicas.

import { isMap } from './json.ts';
import type { KubernetesObject, StatefulSet, Stored } from './objects.ts';
import { statefulSets } from './resources.ts';
import { badRequest, conflict, invalid, invalidObject } from './status.ts';

export const scaleType = { ...statefulSets, kind: 'Scale', group: 'autoscaling', version: 'v1' };

export function scaleOf(object: Stored): KubernetesObject & { metadata: { name: string } } {
  const { metadata, spec, status } = object as StatefulSet;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  const selector = Object.entries(spec.selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, ...(namespace && { namespace }), uid, resourceVersion, creationTimestamp },
    // A real server leaves a zero out.
    spec: spec.replicas === 0 ? {} : { replicas: spec.replicas },
    status: { replicas: status.replicas, selector: selector.join(',') },
  };
}

/** The StatefulSet that `scale` asks for. Throws 400, 409 or 422 when it asks for something else. */
export function applyScale(copy: Stored, scale: KubernetesObject): Stored {
  const set = copy as StatefulSet;
  const { name, namespace, uid, resourceVersion } = scale.metadata ?? {};
  if (name !== set.metadata.name) {
    throw badRequest(
      `the name of the object (${name ?? ''}) does not match the name on the URL (${set.metadata.name})`,
    );
  }
  if (namespace && namespace !== set.metadata.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if (uid && uid !== set.metadata.uid) throw conflict(statefulSets, name, 'Precondition failed: UID does not match');
  const replicas = (isMap(scale.spec) ? scale.spec.replicas : undefined) ?? 0;
  if (typeof replicas !== 'number' || replicas < 0) {
    const problem = invalid('spec.replicas', replicas, 'must be greater than or equal to 0');
    throw invalidObject(scaleType, name, [problem]);
  }
  const metadata = { ...set.metadata, resourceVersion: resourceVersion ?? '' };
  return { ...set, metadata, spec: { ...set.spec, replicas } };
}
