// The manager's only interface to Kubernetes. All other folders of manager/ use only these types, and tests inject faults here.

import type { Capacity } from '../model/capacity.ts';
import type {
  Observation,
  ObservedNode,
  ObservedPod,
  ObservedPool,
  ObservedRoute,
  ObservedService,
  StoredPosition,
  StoredQueue,
  TerminalEnd,
} from '../model/observation.ts';

/** The caller, according to the API server's review of its token. */
export type Identity = {
  /** The service account's name, in the manager's own namespace. */
  serviceAccount: string;
  /** The pod that the token is bound to, if any. */
  pod: { name: string; uid: string } | undefined;
};

export type PodRef = { name: string; uid: string };

/** The content of a claim. Times are milliseconds since 1970. */
export type ClaimToWrite = { id: string; visitor: string; address?: string | undefined; claimedAt: number };

/** A Lease of coordination.k8s.io. Its times are milliseconds since 1970 by the holder's clock; they are informative only. */
export type Lease = {
  /** The object's resourceVersion: the precondition of the next write. */
  version: string;
  /** Empty after it was released. */
  holder: string;
  /** How long the holder keeps it after its last change. Milliseconds, in whole seconds. */
  durationMs: number;
  acquiredAt: number;
  renewedAt: number;
  /** The number of changes of the holder. */
  transitions: number;
};

export type LeaseToWrite = Omit<Lease, 'version'>;

/** An Event, as `kubectl describe` shows it. */
export type KubernetesEvent = {
  about: { kind: 'StatefulSet' | 'Pod'; name: string; uid: string };
  type: 'Normal' | 'Warning';
  /** One word in UpperCamelCase. */
  reason: string;
  message: string;
  /** The number of occurrences, and the times of the first and the last: milliseconds since 1970. */
  count: number;
  firstAt: number;
  lastAt: number;
};
/** Positions to write, by visitor. Undefined deletes a position. Other visitors keep theirs. */
export type PositionsToWrite = ReadonlyMap<string, StoredPosition | undefined>;

export type Sink = {
  observe(observation: Observation): void;
  /** The initial lists are complete. */
  synced(): void;
};

/** A foreign pod with the name of one of the pool's pods. `pool`: the pool in its label. */
export type PodInTheWay = { pool: string | undefined };

/** Requests reject with `unavailable` or `timeout` when the API did not answer. It is then unknown whether they took effect. */
export type Cluster = {
  /** Watches pools, pods, Services, stored queues, nodes, and routes if there are any, until `signal` is aborted. */
  watch(sink: Sink, signal: AbortSignal): Promise<void>;
  /** One conditional write. `conflict`: the pod is another one, is claimed, has left the pool, or is terminating. */
  claimPod(pod: ObservedPod, claim: ClaimToWrite): Promise<ObservedPod | 'conflict'>;
  readPod(name: string): Promise<ObservedPod | undefined>;
  /** Records the first connection. Undefined when the pod is gone, or a connection is recorded already. */
  markConnected(pod: PodRef, at: number): Promise<ObservedPod | undefined>;
  /**
   * Marks an unclaimed or retired pod so that no manager hands it out. It makes the same comparison as a claim, so only one of the
   * two succeeds. `conflict`: the pod was claimed, has left the pool, or is another one.
   */
  retirePod(pod: ObservedPod): Promise<ObservedPod | 'conflict'>;
  /** Records that the visitor ends the terminal, just before the deletion. Undefined when the pod is gone. */
  markEndedByOwner(pod: PodRef): Promise<ObservedPod | undefined>;
  /** Revokes all links to the pod with a lower epoch. Undefined when the pod is gone. */
  setLinkEpoch(pod: PodRef, epoch: number): Promise<ObservedPod | undefined>;
  /** Records on the Service how a terminal of its ordinal ended. Undefined when the Service is gone. */
  recordEnd(service: ObservedService, end: TerminalEnd): Promise<ObservedService | undefined>;
  /** Deletes the pod with this UID, gracefully. Undefined when it was gone already. */
  deletePod(pod: PodRef): Promise<ObservedPod | undefined>;
  /** Deletes the pod if it has not changed since it was observed; otherwise `conflict`. */
  deleteAsSeen(pod: Pick<ObservedPod, 'name' | 'uid' | 'version'>): Promise<ObservedPod | 'conflict' | undefined>;
  /**
   * Removes the object of a pod whose node was deleted, if it has not changed since it was observed. Does not wait for a kubelet:
   * none can confirm the end, and a StatefulSet does not replace a pod whose object exists.
   */
  removeOrphan(pod: Pick<ObservedPod, 'name' | 'uid' | 'version'>): Promise<'removed' | 'conflict'>;
  /** The node as the API server has it now, because a watch may lag behind. Undefined when it does not exist. */
  readNode(name: string): Promise<ObservedNode | undefined>;
  /** Sets the replicas if they are still the observed ones; otherwise `conflict`. */
  scalePool(pool: ObservedPool, to: number): Promise<ObservedPool | 'conflict'>;
  // The pool's StatefulSet owns the objects of the next three methods. They adopt an existing object without a controller. An object of
  // another StatefulSet is a `conflict`.
  /** Creates the Service of one ordinal, or returns the existing one. */
  exposePod(pool: ObservedPool, ordinal: number): Promise<ObservedService>;
  /** Creates the route to that Service, or returns the existing one. */
  routePod(pool: ObservedPool, ordinal: number): Promise<ObservedRoute>;
  /** Writes the template to a route again. Undefined when the route is gone, or changes at the same time. */
  restoreRoute(route: ObservedRoute): Promise<ObservedRoute | undefined>;
  /** Deletes the Service with this UID. A Service that is gone is no error. */
  withdrawService(service: ObservedService): Promise<void>;
  withdrawRoute(route: ObservedRoute): Promise<void>;
  /** Creates the stored queue of a pool, or returns the existing one. */
  ensureQueue(pool: ObservedPool): Promise<StoredQueue>;
  /**
   * Writes positions into a stored queue. `unchanged`: only if it has not changed since it was read. `conflict`: it has changed, or was
   * deleted.
   */
  writePositions(
    queue: StoredQueue,
    positions: PositionsToWrite,
    options?: { unchanged?: boolean },
  ): Promise<StoredQueue | 'conflict'>;
  /** Undefined when the Lease does not exist. */
  readLease(name: string): Promise<Lease | undefined>;
  /** `conflict` when it exists already. */
  createLease(name: string, lease: LeaseToWrite): Promise<Lease | 'conflict'>;
  /** `conflict` when its version has changed. May create a deleted Lease again, because PUT can create Leases. */
  updateLease(name: string, version: string, lease: LeaseToWrite): Promise<Lease | 'conflict'>;
  /**
   * Watches the Leases by which managers detect each other, until `signal` is aborted: name and resourceVersion, or undefined for a
   * deleted Lease.
   */
  watchManagers(observe: (name: string, version: string | undefined) => void, signal: AbortSignal): Promise<void>;
  /** Writes the Lease by which this manager shows that it runs. Creates it if it is absent. */
  reportManager(name: string, lease: LeaseToWrite): Promise<void>;
  /** Removes such a Lease, with `version` only in that version. A Lease that is gone, or was renewed, is no error. */
  removeManager(lease: { name: string; version?: string }): Promise<void>;
  /** The capacity that is not watched. */
  readCapacity(signal?: AbortSignal): Promise<Capacity>;
  /** Undefined when the token is not valid for the manager. */
  reviewToken(token: string): Promise<Identity | undefined>;
  /** The StatefulSet controller's last error about a pod that it could not create. Undefined: none within the last hour. */
  readCreateFailure(pool: Pick<ObservedPool, 'uid'>): Promise<string | undefined>;
  /** The foreign pod with this name, which keeps the StatefulSet from creating its own. Undefined when there is none. */
  readPodInTheWay(name: string, pool: Pick<ObservedPool, 'uid' | 'name'>): Promise<PodInTheWay | undefined>;
  /** Writes a Kubernetes Event. */
  recordEvent(event: KubernetesEvent): Promise<void>;
};
