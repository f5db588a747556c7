// What the pool logic knows of the world: plain facts read off Kubernetes objects. Times are milliseconds since 1970.

import type { Address, FormerTerminal, PodAddress } from '../../common/manager-api.ts';
import type { NodeCapacity, PodNeeds } from './capacity.ts';

/** How the terminals of this installation are exposed. */
export type ExposureMode = 'nodePort' | 'ingress';

/** Kubernetes' own word, such as ImagePullBackOff, and what it adds to that. */
export type Trouble = { reason: string; message: string };

/** What a claim wrote on its pod. */
export type ClaimRecord = {
  id: string;
  visitor: string;
  /** The keyed hash of the network that the visitor came from; absent where that is not known. */
  address?: string | undefined;
  claimedAt: number;
  /** When a browser first attached; undefined until then. */
  connectedAt: number | undefined;
};

/** A pod of a pool. */
export type ObservedPod = {
  name: string;
  uid: string;
  pool: string;
  /** The UID of the StatefulSet that owns it; absent while it has no controller. */
  owner?: string;
  ordinal: number;
  /** The object's resourceVersion as a number: higher is newer. */
  version: number;
  node: string | undefined;
  /** Where other pods reach it; undefined until it has an address. */
  podAddress: PodAddress | undefined;
  /** Where its health is probed; undefined until it has an address. */
  healthAddress: PodAddress | undefined;
  createdAt: number;
  /** Kubernetes' own condition. */
  ready: boolean;
  /** When it last became Ready, or ceased to be; undefined until the kubelet has said anything. */
  readyChangedAt: number | undefined;
  /** What Kubernetes says of why it is not Ready; undefined where it says nothing of use. */
  trouble: Trouble | undefined;
  terminating: boolean;
  /** When its end is due, where it is terminating, by the API server's clock. */
  endsBy?: number;
  /** Kubernetes' phase, where no container of it will ever run again: evicted or refused by its node, or completed. */
  ended?: 'Failed' | 'Succeeded';
  /** When its end was due, where all of its containers have ended and yet its node keeps it; undefined otherwise. */
  heldSince?: number;
  /** Links to it with a lower number have ended. Absent: 0. */
  linkEpoch?: number;
  /** Its visitor has asked for its end. */
  endedByOwner?: boolean;
  /** Taken out of the pool for the rest of its life: by a claim, by a manager that retired it, or by an administrator. */
  taken: boolean;
  /** Marked as one that is about to be replaced or scaled away. */
  retired: boolean;
  /** The revision of the template that it was made of. */
  revision: string | undefined;
  claim: ClaimRecord | undefined;
  /** Whether it has annotations at all: a patch cannot add to a map that is not there. */
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
  /** The revision of which pods are made now; undefined while the cluster has not said so. */
  revision: string | undefined;
  annotations: Readonly<Record<string, string>>;
  /** How it updates its pods, where that is not OnDelete: the strategy, and the partition if there is one. */
  updateStrategy?: string;
  /** The names of its volumeClaimTemplates, if it has any. Their disks outlive the pods. */
  claimTemplates?: readonly string[];
  /** What each of its pods takes. */
  needs?: PodNeeds;
};

/** How a visitor's terminal ended by itself. */
export type TerminalEnd = FormerTerminal & { visitor: string };

/** The Service of one ordinal of a pool. */
export type ObservedService = {
  name: string;
  uid: string;
  pool: string;
  /** The UID of the StatefulSet that owns it; absent while it has no controller. */
  owner?: string;
  ordinal: number;
  nodePort: number | undefined;
  /** Of the pod of this ordinal that ended last. */
  lastEnd?: TerminalEnd;
};

/** The Ingress or HTTPRoute that leads to one ordinal's Service. */
export type ObservedRoute = {
  name: string;
  uid: string;
  pool: string;
  /** The UID of the StatefulSet that owns it; absent while it has no controller. */
  owner?: string;
  ordinal: number;
  /** Where browsers reach it; undefined for a route without a host. */
  address: Address | undefined;
  /** Whether it says what the template says: not, when somebody has changed it, or the template is another by now. */
  asTemplate: boolean;
};

/** A visitor's entry in the stored queue, which all managers read. Times are by the clock of the manager that wrote them. */
export type StoredPosition = {
  /** When the visitor first asked. The queue has this order. */
  since: number;
  /** The keyed hash of the network that the visitor came from; absent where that is not known. */
  address?: string | undefined;
  /** When a manager last had the visitor waiting; undefined for one who has left. */
  seen: number | undefined;
};

/** The queue of a pool as it is stored in the cluster. */
export type StoredQueue = {
  name: string;
  uid: string;
  pool: string;
  /** The UID of the StatefulSet that owns it; absent while it has no controller. */
  owner?: string;
  version: number;
  /** By visitor. */
  positions: ReadonlyMap<string, StoredPosition>;
};

export type ObservedNode = {
  name: string;
  host: string | undefined;
  /** Somebody means to empty it: no new pod is put there, and those that are there are soon evicted. */
  cordoned: boolean;
  /** Kubernetes' own condition. */
  ready: boolean;
  capacity?: NodeCapacity;
};

/** What each watch tells of: the object as it now is, or that there is none. Whole, so that a missed one costs nothing. */
export type Observation =
  | { kind: 'pod'; name: string; object: ObservedPod | undefined }
  /** `answered`: the answer to a write, which says nothing about a StatefulSet that was deleted meanwhile. */
  | { kind: 'pool'; name: string; object: ObservedPool | undefined; answered?: true }
  | { kind: 'service'; name: string; object: ObservedService | undefined }
  | { kind: 'route'; name: string; object: ObservedRoute | undefined }
  | { kind: 'queue'; name: string; object: StoredQueue | undefined }
  | { kind: 'node'; name: string; object: ObservedNode | undefined };

export type PodState = 'ready' | 'in-use' | 'recreating';

/** Whether nobody can use the pod any more, whoever had it. */
export const isOver = ({ terminating, ended }: ObservedPod): boolean => terminating || ended !== undefined;

/** The state is derived from the pod, never stored beside it. A taken pod is never ready again (inv 1). */
export function podState(pod: ObservedPod): PodState {
  if (isOver(pod)) return 'recreating';
  if (pod.retired && !pod.claim) return 'recreating';
  if (pod.taken) return 'in-use';
  return pod.ready ? 'ready' : 'recreating';
}
