// The shape of Kubernetes objects, as far as this stand-in reads them. Stored objects are never changed in place:
// every write makes a new one, so that a watch, a list and a history can share them.

export type Labels = Record<string, string>;

export type OwnerReference = {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
};

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

/** An object as a client sends it: nothing about it is certain yet. */
export type KubernetesObject = {
  apiVersion?: string;
  kind?: string;
  metadata?: Partial<Metadata>;
  [field: string]: unknown;
};

/** An object that the store holds. */
export type Stored = KubernetesObject & { apiVersion: string; kind: string; metadata: Metadata };

export type Probe = {
  httpGet?: { path?: string; port: number | string; host?: string; scheme?: string; httpHeaders?: NameValue[] };
  tcpSocket?: { port: number | string };
  exec?: unknown;
  grpc?: unknown;
  initialDelaySeconds?: number;
  periodSeconds?: number;
  timeoutSeconds?: number;
  successThreshold?: number;
  failureThreshold?: number;
};
export type NameValue = { name: string; value: string };

export type EnvironmentVariable = {
  name: string;
  value?: string;
  valueFrom?: {
    fieldRef?: { fieldPath: string };
    secretKeyRef?: { name: string; key: string; optional?: boolean };
    [source: string]: unknown;
  };
};

export type Container = {
  name: string;
  image?: string;
  command?: string[];
  args?: string[];
  workingDir?: string;
  env?: EnvironmentVariable[];
  envFrom?: unknown[];
  ports?: { name?: string; containerPort: number; protocol?: string }[];
  volumeMounts?: { name: string; mountPath: string; readOnly?: boolean; subPath?: string }[];
  readinessProbe?: Probe;
  livenessProbe?: Probe;
  startupProbe?: Probe;
  lifecycle?: unknown;
};

export type Volume = {
  name: string;
  emptyDir?: unknown;
  hostPath?: { path: string };
  secret?: { secretName: string };
  projected?: {
    sources?: {
      serviceAccountToken?: { audience?: string; expirationSeconds?: number; path: string };
      [source: string]: unknown;
    }[];
  };
  [source: string]: unknown;
};

export type PodSpec = {
  containers: Container[];
  initContainers?: Container[];
  volumes?: Volume[];
  nodeName?: string;
  hostname?: string;
  subdomain?: string;
  restartPolicy?: string;
  serviceAccountName?: string;
  terminationGracePeriodSeconds?: number;
  [field: string]: unknown;
};

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

export type LabelSelector = {
  matchLabels?: Labels;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
};

export type StatefulSet = Stored & {
  spec: {
    replicas: number;
    serviceName?: string;
    selector: LabelSelector;
    template: { metadata?: { labels?: Labels; annotations?: Labels }; spec: PodSpec };
    volumeClaimTemplates?: unknown[];
    [field: string]: unknown;
  };
  status: {
    replicas: number;
    observedGeneration?: number;
    readyReplicas?: number;
    currentRevision?: string;
    updateRevision?: string;
    [field: string]: unknown;
  };
};

export type ServicePort = {
  name?: string;
  port: number;
  targetPort?: number | string;
  nodePort?: number;
  protocol?: string;
};

export type Service = Stored & {
  spec: { type: string; selector?: Labels; ports?: ServicePort[]; clusterIP?: string; [field: string]: unknown };
};

/** Whether the pod's Ready condition holds. */
export const isReady = (pod: Pod): boolean =>
  pod.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;

/** Whether the pod has ended for good, by itself or by an eviction. */
export const isOver = ({ status }: Pod): boolean => status.phase === 'Failed' || status.phase === 'Succeeded';

/** A time as Kubernetes writes it: whole seconds, UTC. */
export const timestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
