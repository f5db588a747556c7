// The one way by which the manager reaches Kubernetes. Everything else in manager/ sees only these words; tests put
// faults in here.

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

/** Who calls, as the API server reviewed the token. */
export type Identity = {
  /** The service account's name, in the manager's own namespace. */
  serviceAccount: string;
  /** The pod that the token is bound to, where it is bound to one. */
  pod: { name: string; uid: string } | undefined;
};

export type PodRef = { name: string; uid: string };

/** What a claim writes. Times are milliseconds since 1970. */
export type ClaimToWrite = { id: string; visitor: string; address?: string | undefined; claimedAt: number };

/** A Lease of coordination.k8s.io. Times are milliseconds since 1970 by the holder's clock: for people, not to be judged by. */
export type Lease = {
  /** The object's resourceVersion: the precondition of the next write. */
  version: string;
  /** Empty once it was released. */
  holder: string;
  /** For how long after its last change it is the holder's. Milliseconds, in whole seconds. */
  durationMs: number;
  acquiredAt: number;
  renewedAt: number;
  /** How often it went from one holder to another. */
  transitions: number;
};

export type LeaseToWrite = Omit<Lease, 'version'>;

/** What `kubectl describe` shows of an object. */
export type KubernetesEvent = {
  about: { kind: 'StatefulSet' | 'Pod'; name: string; uid: string };
  type: 'Normal' | 'Warning';
  /** One word in UpperCamelCase. */
  reason: string;
  message: string;
  /** How often it has happened, and when for the first and the last time: milliseconds since 1970. */
  count: number;
  firstAt: number;
  lastAt: number;
};
/** Positions to write, by visitor. Undefined deletes the position. Those of other visitors are left alone. */
export type PositionsToWrite = ReadonlyMap<string, StoredPosition | undefined>;

export type Sink = {
  observe(observation: Observation): void;
  /** Everything that exists has been observed once. */
  synced(): void;
};

/** A pod that is not of the pool, and has the name of one of its pods: `pool` is the pool that its label names. */
export type PodInTheWay = { pool: string | undefined };

/** Requests reject with `unavailable` or `timeout` when the API did not answer: whether they took effect is then unknown. */
export type Cluster = {
  /** Watches pools, pods, Services, stored queues, nodes, and routes where there are any, for ever, until `signal` is aborted. */
  watch(sink: Sink, signal: AbortSignal): Promise<void>;
  /** One conditional write; `conflict` when the pod is not that pod any more, is claimed already, has left the pool, or is going. */
  claimPod(pod: ObservedPod, claim: ClaimToWrite): Promise<ObservedPod | 'conflict'>;
  readPod(name: string): Promise<ObservedPod | undefined>;
  /** Records the first connection; undefined when that pod is gone, or one is recorded already. */
  markConnected(pod: PodRef, at: number): Promise<ObservedPod | undefined>;
  /**
   * Marks that very pod, unclaimed or retired already, as one that no manager hands out any more: the same comparison as
   * a claim's, so of the two one wins. `conflict` when it was claimed, has left the pool, or is not that pod any more.
   */
  retirePod(pod: ObservedPod): Promise<ObservedPod | 'conflict'>;
  /** Writes that the visitor ends it, just before the deletion; undefined when that pod is gone. */
  markEndedByOwner(pod: PodRef): Promise<ObservedPod | undefined>;
  /** Ends all links to that very pod whose epoch is lower; undefined when that pod is gone. */
  setLinkEpoch(pod: PodRef, epoch: number): Promise<ObservedPod | undefined>;
  /** Writes on that very Service how a terminal of its ordinal ended; undefined when the Service is gone. */
  recordEnd(service: ObservedService, end: TerminalEnd): Promise<ObservedService | undefined>;
  /** Deletes that very pod, gracefully; undefined when it was gone already. */
  deletePod(pod: PodRef): Promise<ObservedPod | undefined>;
  /** Deletes the pod if nothing about it has changed since it was seen so; `conflict` when something has. */
  deleteAsSeen(pod: Pick<ObservedPod, 'name' | 'uid' | 'version'>): Promise<ObservedPod | 'conflict' | undefined>;
  /**
   * Removes the object of a pod whose node was deleted, if nothing about it has changed since it was seen so. Waits for no
   * kubelet: there is none that could confirm the end, and a StatefulSet does not replace a pod whose object exists.
   */
  removeOrphan(pod: Pick<ObservedPod, 'name' | 'uid' | 'version'>): Promise<'removed' | 'conflict'>;
  /** The node of that name, as the API server knows it now: a watch may be late. undefined when there is none. */
  readNode(name: string): Promise<ObservedNode | undefined>;
  /** Sets the replicas if they still are what was observed; else `conflict`. */
  scalePool(pool: ObservedPool, to: number): Promise<ObservedPool | 'conflict'>;
  // What the next three make belongs to the pool's StatefulSet. One that exists already without a controller is adopted; one of
  // another StatefulSet is a `conflict`.
  /** Makes the Service of one ordinal, or returns the one that exists. */
  exposePod(pool: ObservedPool, ordinal: number): Promise<ObservedService>;
  /** Makes the route to that Service, or returns the one that exists. */
  routePod(pool: ObservedPool, ordinal: number): Promise<ObservedRoute>;
  /** Makes a route say again what the template says; undefined when that very route is gone or changing. */
  restoreRoute(route: ObservedRoute): Promise<ObservedRoute | undefined>;
  /** Deletes that very Service; one that is gone is no failure. */
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
  /** undefined when there is none. */
  readLease(name: string): Promise<Lease | undefined>;
  /** `conflict` when there is one already. */
  createLease(name: string, lease: LeaseToWrite): Promise<Lease | 'conflict'>;
  /** `conflict` when it is not in that version any more. One that is gone may be made anew: a PUT of a Lease can create. */
  updateLease(name: string, version: string, lease: LeaseToWrite): Promise<Lease | 'conflict'>;
  /**
   * Watches the Leases by which managers tell each other that they run, until `signal` is aborted: name and resourceVersion,
   * or undefined for one that is gone.
   */
  watchManagers(observe: (name: string, version: string | undefined) => void, signal: AbortSignal): Promise<void>;
  /** Writes the Lease of that name by which a manager tells that it runs; makes it where there is none. */
  reportManager(name: string, lease: LeaseToWrite): Promise<void>;
  /** Removes such a Lease, with `version` only while it is in that version. One that is gone, or was renewed, is no failure. */
  removeManager(lease: { name: string; version?: string }): Promise<void>;
  /** What the cluster has room for, beside what is watched. */
  readCapacity(signal?: AbortSignal): Promise<Capacity>;
  /** undefined when the token is not valid for the manager. */
  reviewToken(token: string): Promise<Identity | undefined>;
  /** What the StatefulSet controller last said of a pod that it could not create; undefined: nothing within the last hour. */
  readCreateFailure(pool: Pick<ObservedPool, 'uid'>): Promise<string | undefined>;
  /** The foreign pod that has this name, so that the StatefulSet cannot create its own; undefined where there is none. */
  readPodInTheWay(name: string, pool: Pick<ObservedPool, 'uid' | 'name'>): Promise<PodInTheWay | undefined>;
  /** Writes a Kubernetes Event. */
  recordEvent(event: KubernetesEvent): Promise<void>;
};
