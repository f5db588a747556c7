// The pool logic's view of Kubernetes: plain facts read from its objects. Times are milliseconds since 1970.

import type { Address, FormerTerminal, PodAddress } from '../../common/manager-api.ts';
import type { NodeCapacity, PodNeeds } from './capacity.ts';

/** How the terminals of this installation are exposed. */
export type ExposureMode = 'nodePort' | 'ingress';

/** Kubernetes' reason, such as ImagePullBackOff, and its message. */
export type Trouble = { reason: string; message: string };

/** The claim that is recorded on a pod. */
export type ClaimRecord = {
  id: string;
  visitor: string;
  /** The keyed hash of the visitor's network; absent if unknown. */
  address?: string | undefined;
  claimedAt: number;
  /** When a browser first attached. Undefined before that. */
  connectedAt: number | undefined;
};

/** A pod of a pool. */
export type ObservedPod = {
  name: string;
  uid: string;
  pool: string;
  /** The UID of the StatefulSet that owns it; absent if it has no controller. */
  owner?: string;
  ordinal: number;
  /** The object's resourceVersion as a number: a higher one is newer. */
  version: number;
  node: string | undefined;
  /** The address for other pods. Undefined until it has one. */
  podAddress: PodAddress | undefined;
  /** The address of its health endpoint. Undefined until it has one. */
  healthAddress: PodAddress | undefined;
  createdAt: number;
  /** The pod's Ready condition. */
  ready: boolean;
  /** When its Ready condition last changed. Undefined before the kubelet has reported it. */
  readyChangedAt: number | undefined;
  /** Why it is not Ready, according to Kubernetes. Undefined without a useful reason. */
  trouble: Trouble | undefined;
  terminating: boolean;
  /** When its deletion is due, by the API server's clock. Set while it is terminating. */
  endsBy?: number;
  /** The pod's phase, if no container of it will run again: evicted, rejected by its node, or completed. */
  ended?: 'Failed' | 'Succeeded';
  /** When its deletion was due, if all containers have ended but its node still holds the object. */
  heldSince?: number;
  /** Links to the terminal with a lower number are revoked. Absent: 0. */
  linkEpoch?: number;
  /** The visitor asked to end it. */
  endedByOwner?: boolean;
  /** Removed from the pool for good: by a claim, by a manager that retired it, or by an administrator. */
  taken: boolean;
  /** Marked because it is about to be replaced or scaled down. */
  retired: boolean;
  /** The template revision that it was created from. */
  revision: string | undefined;
  claim: ClaimRecord | undefined;
  /** Whether it has any annotations. A JSON Patch cannot add to a map that does not exist. */
  annotated: boolean;
};

/** A pool: its StatefulSet. */
export type ObservedPool = {
  name: string;
  statefulSet: string;
  uid: string;
  version: number;
  createdAt: number;
  replicas: number;
  /** The revision of new pods. Undefined until the cluster reports it. */
  revision: string | undefined;
  annotations: Readonly<Record<string, string>>;
  /** Its update strategy if that is not OnDelete, with the partition if there is one. */
  updateStrategy?: string;
  /** The names of its volumeClaimTemplates, if any. Their volumes outlive the pods. */
  claimTemplates?: readonly string[];
  /** What each of its pods requests. */
  needs?: PodNeeds;
};

/** A visitor's terminal that ended without a request. */
export type TerminalEnd = FormerTerminal & { visitor: string };

/** The Service of one ordinal of a pool. */
export type ObservedService = {
  name: string;
  uid: string;
  pool: string;
  /** The UID of the StatefulSet that owns it; absent if it has no controller. */
  owner?: string;
  ordinal: number;
  nodePort: number | undefined;
  /** The last pod of this ordinal that ended. */
  lastEnd?: TerminalEnd;
};

/** The Ingress or HTTPRoute to one ordinal's Service. */
export type ObservedRoute = {
  name: string;
  uid: string;
  pool: string;
  /** The UID of the StatefulSet that owns it; absent if it has no controller. */
  owner?: string;
  ordinal: number;
  /** The address for browsers. Undefined for a route without a host. */
  address: Address | undefined;
  /** Whether it matches the template. False if the route was edited or the template has changed. */
  asTemplate: boolean;
};

/** A visitor's entry in the stored queue, which all managers read. Times are by the clock of the manager that wrote them. */
export type StoredPosition = {
  /** When the visitor first asked. It gives the order of the queue. */
  since: number;
  /** The keyed hash of the visitor's network; absent if unknown. */
  address?: string | undefined;
  /** When a manager last reported the visitor as waiting. Undefined for a visitor who has left. */
  seen: number | undefined;
};

/** The stored queue of a pool. */
export type StoredQueue = {
  name: string;
  uid: string;
  pool: string;
  /** The UID of the StatefulSet that owns it; absent if it has no controller. */
  owner?: string;
  version: number;
  /** Keyed by visitor. */
  positions: ReadonlyMap<string, StoredPosition>;
};

export type ObservedNode = {
  name: string;
  host: string | undefined;
  /** The node accepts no new pods, and its pods are likely to be evicted soon. */
  cordoned: boolean;
  /** The node's Ready condition. */
  ready: boolean;
  capacity?: NodeCapacity;
};

/** What a watch reports: the whole object, or its absence. A missed report is therefore harmless. */
export type Observation =
  | { kind: 'pod'; name: string; object: ObservedPod | undefined }
  /** `answered`: from the answer to a write. It does not show whether the StatefulSet was deleted meanwhile. */
  | { kind: 'pool'; name: string; object: ObservedPool | undefined; answered?: true }
  | { kind: 'service'; name: string; object: ObservedService | undefined }
  | { kind: 'route'; name: string; object: ObservedRoute | undefined }
  | { kind: 'queue'; name: string; object: StoredQueue | undefined }
  | { kind: 'node'; name: string; object: ObservedNode | undefined };

export type PodState = 'ready' | 'in-use' | 'recreating';

/** Whether the pod can no longer be used. */
export const isOver = ({ terminating, ended }: ObservedPod): boolean => terminating || ended !== undefined;

/** The state is derived from the pod and not stored. A pod that was taken is never ready again (inv 1). */
export function podState(pod: ObservedPod): PodState {
  if (isOver(pod)) return 'recreating';
  if (pod.retired && !pod.claim) return 'recreating';
  if (pod.taken) return 'in-use';
  return pod.ready ? 'ready' : 'recreating';
}
