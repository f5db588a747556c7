// What a StatefulSet (Parallel, OnDelete) needs next: pure, from what is to what to do.
// https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/

import { createHash } from 'node:crypto';
import {
  isOver,
  isReady,
  type KubernetesObject,
  type OwnerReference,
  type Pod,
  type StatefulSet,
  type Stored,
} from '../api/objects.ts';
import { labelSelector } from '../api/selectors.ts';

/** `over`: the pod has ended by itself, and is deleted to be made anew. */
export type Plan = { create: number[]; remove: (Pod & { over: boolean })[]; status: StatefulSet['status'] };

/** `pods` are those that the set owns. Ordinals to create, pods to delete (highest first), and the status to show. */
export function planSet(set: StatefulSet, pods: Pod[]): Plan {
  const { replicas } = set.spec;
  const updateRevision = revisionOf(set);
  const currentRevision = set.status.currentRevision ?? updateRevision;
  const ordinals = new Set(pods.map(({ metadata }) => ordinalOf(set, metadata.name)));
  const create = Array.from({ length: replicas }, (_, ordinal) => ordinal).filter((ordinal) => !ordinals.has(ordinal));
  const remove = pods
    .map((pod) => ({ ...pod, over: isOver(pod) }))
    .filter(({ metadata, over }) => {
      const surplus = (ordinalOf(set, metadata.name) ?? replicas) >= replicas;
      return (surplus || over) && metadata.deletionTimestamp === undefined;
    })
    .sort((a, b) => (ordinalOf(set, b.metadata.name) ?? 0) - (ordinalOf(set, a.metadata.name) ?? 0));
  const living = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const count = (revision: string) =>
    living.filter(({ metadata }) => metadata.labels?.[revisionLabel] === revision).length;
  const ready = pods.filter(isReady).length;
  const [current, updated] = [count(currentRevision), count(updateRevision)];
  return {
    create,
    remove,
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

/** Undefined when the pod's name is not one that the set gives. */
export function ordinalOf({ metadata }: StatefulSet, podName: string): number | undefined {
  const text = podName.startsWith(`${metadata.name}-`) ? podName.slice(metadata.name.length + 1) : '';
  return /^(0|[1-9]\d{0,8})$/.test(text) ? Number(text) : undefined;
}

export const ownerReference = ({ metadata: { name, uid } }: StatefulSet): OwnerReference => ({
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
  labelSelector(set.spec.selector)(metadata.labels ?? {});

/** The pod of one ordinal, as the set's template makes it. */
export function podOf(set: StatefulSet, ordinal: number): KubernetesObject {
  const { name } = set.metadata;
  const { metadata = {}, spec } = set.spec.template;
  const podName = `${name}-${ordinal}`;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
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
