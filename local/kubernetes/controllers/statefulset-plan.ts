// What a StatefulSet (Parallel, OnDelete) needs next. Pure. https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/

import { createHash } from 'node:crypto';
import { isOver, isReady, type KubernetesObject, type Pod, type StatefulSet, type Stored } from '../api/objects.ts';

/** Ordinals to create, pods to delete (highest first), and the status to show. */
export type Plan = { create: number[]; remove: Pod[]; status: StatefulSet['status'] };

/** `pods` are those that the set owns. */
export function planSet(set: StatefulSet, pods: Pod[]): Plan {
  const { replicas } = set.spec;
  const updateRevision = revisionOf(set);
  const currentRevision = set.status.currentRevision ?? updateRevision;
  const ordinal = ({ metadata }: Pod) => ordinalOf(set, metadata.name) ?? replicas;
  const ordinals = new Set(pods.map(ordinal));
  const living = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const count = (revision: string) =>
    living.filter(({ metadata }) => metadata.labels?.[revisionLabel] === revision).length;
  const ready = pods.filter(isReady).length;
  const [current, updated] = [count(currentRevision), count(updateRevision)];
  return {
    create: Array.from({ length: replicas }, (_, index) => index).filter((index) => !ordinals.has(index)),
    remove: living.filter((pod) => ordinal(pod) >= replicas || isOver(pod)).sort((a, b) => ordinal(b) - ordinal(a)),
    status: {
      observedGeneration: set.metadata.generation ?? 1,
      replicas: pods.length,
      ...(ready > 0 && { readyReplicas: ready, availableReplicas: ready }),
      ...(current > 0 && { currentReplicas: current }),
      ...(updated > 0 && { updatedReplicas: updated }),
      currentRevision,
      updateRevision,
      collisionCount: 0,
    },
  };
}

export const revisionLabel = 'controller-revision-hash';

/** `<set>-<hash of its pod template>` */
export function revisionOf({ metadata, spec }: StatefulSet): string {
  const hash = createHash('sha256').update(JSON.stringify(spec.template)).digest('hex');
  return `${metadata.name}-${hash.slice(0, 10)}`;
}

/** Undefined for a name that the set does not give to its pods. */
export function ordinalOf({ metadata }: StatefulSet, podName: string): number | undefined {
  const text = podName.startsWith(`${metadata.name}-`) ? podName.slice(metadata.name.length + 1) : '';
  return /^(0|[1-9]\d{0,8})$/.test(text) ? Number(text) : undefined;
}

export const ownerReference = ({ metadata: { name, uid } }: StatefulSet) => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  name,
  uid,
  controller: true,
  blockOwnerDeletion: true,
});

/** UID of the controller that owns an object. */
export const ownerOf = ({ metadata }: Stored): string | undefined =>
  metadata.ownerReferences?.find(({ controller }) => controller)?.uid;

/** Whether the name, the namespace and the labels of a pod match the set. Its owner does not matter. */
export const selects = (set: StatefulSet, { metadata }: Pod): boolean =>
  metadata.namespace === set.metadata.namespace &&
  ordinalOf(set, metadata.name) !== undefined &&
  Object.entries(set.spec.selector.matchLabels).every(([key, value]) => metadata.labels?.[key] === value);

/** The pod of one ordinal, as the set's template describes it. */
export function podOf(set: StatefulSet, ordinal: number): KubernetesObject {
  const { name } = set.metadata;
  const { metadata, spec } = set.spec.template;
  const podName = `${name}-${ordinal}`;
  return {
    metadata: {
      name: podName,
      generateName: `${name}-`,
      labels: {
        ...metadata.labels,
        'apps.kubernetes.io/pod-index': String(ordinal),
        [revisionLabel]: revisionOf(set),
        'statefulset.kubernetes.io/pod-name': podName,
      },
      ...(metadata.annotations && { annotations: metadata.annotations }),
      ownerReferences: [ownerReference(set)],
    },
    spec: { ...spec, hostname: podName, ...(set.spec.serviceName && { subdomain: set.spec.serviceName }) },
  };
}
