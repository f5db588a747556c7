// The shape of Kubernetes objects, as far as this stand-in reads them. A stored object is never changed in place: every write
// makes a new one, so that watches, lists and the history can share it.

import type { OwnerReference, PodSpec, ServicePort, StatefulSetSpec } from './schemas.ts';

export type Labels = Record<string, string>;

export type Metadata = {
  name: string;
  generateName?: string;
  namespace?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Labels;
  annotations?: Labels;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
};

/** An object as a client sends it, unchecked. */
export type KubernetesObject = {
  apiVersion?: string;
  kind?: string;
  metadata?: Partial<Metadata>;
  [field: string]: unknown;
};

/** An object that the store holds. */
export type Stored = KubernetesObject & { apiVersion: string; kind: string; metadata: Metadata };

export type Condition = {
  type: string;
  status: 'True' | 'False';
  lastProbeTime: null;
  lastTransitionTime: string;
  reason?: string;
  message?: string;
};

export type ContainerState = {
  waiting?: { reason: string; message?: string };
  running?: { startedAt: string };
  terminated?: { exitCode: number; signal?: number; reason: string; startedAt: string; finishedAt: string };
};

export type ContainerStatus = {
  name: string;
  state: ContainerState;
  lastState: ContainerState;
  ready: boolean;
  restartCount: number;
  image: string;
  imageID: string;
  started: boolean;
};

export type PodStatus = {
  phase: string;
  conditions?: Condition[];
  containerStatuses?: ContainerStatus[];
  hostIP?: string;
  podIP?: string;
  podIPs?: { ip: string }[];
  startTime?: string;
  qosClass?: string;
  reason?: string;
};

export type Pod = Stored & { spec: PodSpec; status: PodStatus };

export type StatefulSet = Stored & {
  spec: StatefulSetSpec;
  status: {
    replicas: number;
    observedGeneration?: number;
    readyReplicas?: number;
    currentRevision?: string;
    updateRevision?: string;
    [field: string]: unknown;
  };
};

export type Service = Stored & {
  spec: { type: string; selector?: Labels; ports: ServicePort[]; clusterIP?: string; [field: string]: unknown };
};

/** Whether the pod's Ready condition holds. */
export const isReady = (pod: Pod): boolean =>
  pod.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;

/** Whether the pod has ended for good, by itself or by an eviction. */
export const isOver = ({ status }: Pod): boolean => status.phase === 'Failed' || status.phase === 'Succeeded';

/** A time as Kubernetes writes it: whole seconds, UTC. */
export const timestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
