// A small model of one pool in a cluster: the API server's compare-and-swap, a StatefulSet controller and watches. Each
// advances only when a test calls it. Many ports can connect, each with its own delayed watch and its own faults.
// The model records each visitor written on each pod, so that tests can check the invariants.

import { ServiceError } from '../../common/errors.ts';
import type {
  ClaimToWrite,
  Cluster,
  Identity,
  KubernetesEvent,
  Lease,
  LeaseToWrite,
  PositionsToWrite,
  Sink,
} from '../../manager/kubernetes/port.ts';
import type { Capacity } from '../../manager/model/capacity.ts';
import {
  isOver,
  type Observation,
  type ObservedNode,
  type ObservedPod,
  type ObservedPool,
  type ObservedRoute,
  type ObservedService,
  type StoredQueue,
  type TerminalEnd,
  type Trouble,
} from '../../manager/model/observation.ts';

export type Fault = 'lost-request' | 'lost-response';
/** `hangs`: takes effect only at `unhang`. `late-answer`: takes effect at once, but the answer arrives at `unhang`. */
export type LeaseFault = Fault | 'hangs' | 'late-answer';

export type ModelOptions = { replicas?: number; annotations?: Record<string, string>; clock?: () => number };

export class ModelCluster {
  pool: ObservedPool;
  readonly pods = new Map<string, ObservedPod>();
  readonly nodes = new Map<string, ObservedNode>();
  readonly services = new Map<string, ObservedService>();
  readonly routes = new Map<string, ObservedRoute>();
  storedQueue: StoredQueue | undefined;
  /** Whether the StatefulSet exists. */
  hasSet = true;
  /** The one Lease, with any name. */
  lease: Lease | undefined;
  /** The Leases of managers: name → version. */
  readonly managers = new Map<string, string>();
  readonly identities = new Map<string, Identity>();
  /** Visitors ever written on a pod, by UID: the history that inv 1 is checked against. */
  readonly visitorsOf = new Map<string, Set<string>>();
  /** Visitors whose sessions a manager ended by scaling. By inv 5 it stays empty. */
  readonly scaledAway: string[] = [];
  /** Claimed pods that managers have deleted. */
  readonly deleted: ObservedPod[] = [];
  /** UIDs of all pods that were retired. */
  readonly retired = new Set<string>();
  readonly events: KubernetesEvent[] = [];
  /** The API server's errors for creating the Service or the route of an ordinal. */
  readonly refusals: { [Kind in 'service' | 'route']?: (ordinal: number) => Error | undefined } = {};
  /** The quota of pods, and the error of the StatefulSet controller at the quota. */
  podQuota = Number.POSITIVE_INFINITY;
  createFailure: string | undefined;
  capacity: Capacity = { quotas: [], neighbours: [] };
  writes = 0;
  #version = 1;
  #uids = 0;
  readonly #ports: ModelPort[] = [];

  /** Names of pods that never become Ready, with the reason that Kubernetes reports. */
  readonly stuck = new Map<string, Trouble>();
  /** The ended pods that the StatefulSet controller replaces. */
  replacesEnded: NonNullable<ObservedPod['ended']>[] = [];
  readonly #clock: () => number;

  constructor({ replicas = 0, annotations = {}, clock = () => 0 }: ModelOptions = {}) {
    const revision = 'revision-1';
    const names = { name: 'default', statefulSet: 'default', uid: 'sts' };
    this.pool = { ...names, version: 1, createdAt: 0, replicas, revision, annotations };
    this.#clock = clock;
    for (const [index, name] of ['node', 'node-2'].entries()) {
      this.nodes.set(name, newNode(name, index + 1));
    }
    this.reconcile();
  }

  /** Warning Events about the pool, as `Reason: message`. */
  get warnings(): string[] {
    return this.events
      .filter(({ about, type }) => about.kind === 'StatefulSet' && type === 'Warning')
      .map(({ reason, message }) => `${reason}: ${message}`);
  }

  /** A port with its own watch, which delivers nothing until `deliver`. */
  connect(): ModelPort {
    const port = new ModelPort(this);
    this.#ports.push(port);
    return port;
  }

  disconnect(port: ModelPort): void {
    this.#ports.splice(this.#ports.indexOf(port), 1);
  }

  /** Acts as the StatefulSet controller: creates missing pods, and deletes those above the replicas. */
  reconcile(): void {
    if (!this.hasSet) return;
    for (const pod of [...this.pods.values()]) {
      const isOrphan = pod.owner === undefined && pod.pool === 'default' && !pod.terminating;
      if (isOrphan) this.put({ ...pod, owner: this.pool.uid });
    }
    for (let ordinal = 0; ordinal < this.pool.replicas; ordinal++) {
      const name = `default-${ordinal}`;
      const there = this.pods.get(name);
      // Like the real controller, it creates no pod above one that it cannot create.
      if (there && there.pool !== 'default') break;
      if (there) continue;
      if (this.pods.size >= this.podQuota) {
        this.createFailure = `create Pod ${name} in StatefulSet default failed error: exceeded quota: small`;
        break;
      }
      this.put({
        name,
        uid: this.#newUid(),
        pool: 'default',
        owner: this.pool.uid,
        ordinal,
        version: 0,
        node: this.#schedule(ordinal),
        podAddress: { host: `10.0.0.${ordinal}`, port: 3_000 },
        healthAddress: { host: `10.0.0.${ordinal}`, port: 3_900 },
        ready: false,
        readyChangedAt: undefined,
        trouble: this.stuck.get(name),
        terminating: false,
        taken: false,
        retired: false,
        claim: undefined,
        revision: this.pool.revision,
        createdAt: this.#clock(),
        annotated: true,
      });
    }
    for (const pod of this.pods.values()) {
      if (pod.owner !== this.pool.uid) continue;
      if (pod.ordinal >= this.pool.replicas && !pod.terminating) this.put({ ...pod, terminating: true });
      if (pod.node === undefined && !pod.terminating) {
        const node = this.#schedule(pod.ordinal);
        if (node !== undefined) this.put({ ...pod, node });
      }
    }
  }

  /** Picks the node of a new pod among the schedulable ones, by its ordinal. */
  #schedule(ordinal: number): string | undefined {
    const open = [...this.nodes.values()].filter(({ cordoned, ready }) => ready && !cordoned);
    return open[ordinal % open.length]?.name;
  }

  /** Changes a node. On a node that is not Ready, no pod becomes Ready and none ends. */
  setNode(name: string, change: Partial<ObservedNode>): void {
    const node = { ...(this.nodes.get(name) ?? newNode(name, 9)), ...change };
    this.nodes.set(name, node);
    this.#tell({ kind: 'node', name, object: node });
    for (const pod of [...this.pods.values()]) {
      if (pod.node === name && pod.ready && !node.ready) this.put({ ...pod, ready: false });
    }
    this.reconcile();
  }

  /** Deletes the node, as `kubectl delete node` and autoscalers do. Its pods keep their last reported state. */
  deleteNode(name: string): void {
    if (this.nodes.delete(name)) this.#tell({ kind: 'node', name, object: undefined });
  }

  /** Whether the pod's node works, so that the pod can become Ready and can end. */
  runs({ node }: ObservedPod): boolean {
    const on = node === undefined ? undefined : this.nodes.get(node);
    return on?.ready === true;
  }

  /** Whether the pod can become Ready. Pods of a template called bad cannot. */
  canBeReady(pod: ObservedPod): boolean {
    return this.runs(pod) && !isOver(pod) && !pod.revision?.startsWith('bad');
  }

  /** Ends the pod for good, as an eviction does. Its object stays. */
  endPod(name: string, ended: 'Failed' | 'Succeeded', trouble?: Trouble): void {
    const pod = this.pods.get(name);
    if (pod) this.put({ ...pod, ready: false, ended, readyChangedAt: this.#clock(), trouble });
  }

  /** Acts as a DELETE: an ended pod disappears at once. */
  markDeleted(pod: ObservedPod): ObservedPod {
    const going = this.put({ ...pod, terminating: true });
    if (pod.ended) this.remove(pod.name);
    return going;
  }

  /** Changes the template. */
  setRevision(revision: string): void {
    this.setPool({ revision });
  }

  put(pod: ObservedPod): ObservedPod {
    const next = {
      ...pod,
      version: ++this.#version,
      ...(pod.terminating && { endsBy: pod.endsBy ?? this.#clock() }),
    };
    this.pods.set(pod.name, next);
    this.#tell({ kind: 'pod', name: pod.name, object: next });
    return next;
  }

  remove(name: string): void {
    this.pods.delete(name);
    this.#tell({ kind: 'pod', name, object: undefined });
  }

  /** Starting pods become Ready. Ending pods disappear, and are created again. */
  settle(): void {
    for (const pod of [...this.pods.values()]) {
      const isReplaced = pod.ended !== undefined && this.replacesEnded.includes(pod.ended);
      if (isReplaced || (pod.terminating && this.canEnd(pod))) this.remove(pod.name);
    }
    this.reconcile();
    for (const pod of [...this.pods.values()]) if (!pod.ready && this.canBeReady(pod)) this.become(pod.name);
  }

  canEnd(pod: ObservedPod): boolean {
    return pod.node === undefined || this.runs(pod);
  }

  /** The pod becomes Ready, unless it is stuck. */
  become(name: string): void {
    const pod = this.pods.get(name)!;
    if (!this.stuck.has(name)) this.put({ ...pod, ready: true, readyChangedAt: this.#clock(), trouble: undefined });
  }

  scale(replicas: number): ObservedPool {
    this.setPool({ replicas });
    this.reconcile();
    return this.pool;
  }

  setPool(change: Partial<ObservedPool>): void {
    this.pool = { ...this.pool, ...change, version: ++this.#version };
    this.#tell({ kind: 'pool', name: this.pool.statefulSet, object: this.pool });
  }

  /** Deletes the StatefulSet, as `kubectl delete` does. Its dependents are deleted, or lose their owner. */
  deleteSet(cascade: 'background' | 'orphan' = 'background'): void {
    this.hasSet = false;
    this.#tell({ kind: 'pool', name: this.pool.statefulSet, object: undefined });
    const isOurs = ({ owner }: { owner?: string }) => owner === this.pool.uid;
    const orphaned = <T extends { owner?: string }>({ owner, ...object }: T) => object;
    for (const pod of [...this.pods.values()].filter(isOurs)) {
      this.put(cascade === 'orphan' ? orphaned(pod) : { ...pod, terminating: true });
    }
    for (const kind of ['service', 'route'] as const) {
      const all: Map<string, { owner?: string }> = kind === 'service' ? this.services : this.routes;
      for (const [name, object] of [...all].filter(([, object]) => isOurs(object))) {
        if (cascade !== 'orphan') this.withdraw(kind, name);
        else {
          all.set(name, orphaned(object));
          this.#tell({ kind, name, object: all.get(name) } as Observation);
        }
      }
    }
    if (!this.storedQueue || !isOurs(this.storedQueue)) return;
    if (cascade === 'orphan') this.putQueue(orphaned(this.storedQueue));
    else {
      this.#tell({ kind: 'queue', name: this.storedQueue.name, object: undefined });
      this.storedQueue = undefined;
    }
  }

  /** Creates another StatefulSet of the same name. */
  createSet(change: Partial<ObservedPool> = {}): void {
    this.hasSet = true;
    this.setPool({ ...change, uid: `sts-${this.#newUid()}`, createdAt: this.#clock() });
    this.reconcile();
  }

  /** Delivers an observation of a foreign object, such as a second StatefulSet. */
  tell(observation: Observation): void {
    this.#tell(observation);
  }

  /** The object for the pool: the existing one if the pool owns it or it has no owner, else the new one. */
  #owned<T extends { name: string; owner?: string }>(there: T | undefined, made: T): T {
    const { uid } = this.pool;
    if (there && there.owner !== undefined && there.owner !== uid)
      throw new ServiceError('conflict', `${there.name} belongs to another StatefulSet`);
    return { ...(there ?? made), owner: uid };
  }

  expose(ordinal: number): ObservedService {
    const name = `default-${ordinal}`;
    const made = {
      name,
      uid: this.#newUid(),
      pool: 'default',
      owner: this.pool.uid,
      ordinal,
      nodePort: 30_000 + ordinal,
    };
    const service = this.#owned<ObservedService>(this.services.get(name), made);
    this.services.set(name, service);
    this.#tell({ kind: 'service', name, object: service });
    return service;
  }

  annotateService(name: string, uid: string, lastEnd: TerminalEnd): ObservedService | undefined {
    const service = this.services.get(name);
    if (service?.uid !== uid) return undefined;
    const annotated = { ...service, lastEnd };
    this.services.set(name, annotated);
    this.#tell({ kind: 'service', name, object: annotated });
    return annotated;
  }

  route(ordinal: number): ObservedRoute {
    const name = `default-${ordinal}`;
    const address = { protocol: 'https' as const, host: `${name}.terminals.test`, port: 443 };
    const made = {
      name,
      uid: this.#newUid(),
      pool: 'default',
      owner: this.pool.uid,
      ordinal,
      address,
      asTemplate: true,
    };
    return this.putRoute(this.#owned<ObservedRoute>(this.routes.get(name), made));
  }

  putRoute(route: ObservedRoute): ObservedRoute {
    this.routes.set(route.name, route);
    this.#tell({ kind: 'route', name: route.name, object: route });
    return route;
  }

  /** Deletes a Service or a route if its UID matches. */
  withdraw(kind: 'service' | 'route', name: string, uid?: string): void {
    const all = kind === 'service' ? this.services : this.routes;
    if (uid !== undefined && all.get(name)?.uid !== uid) return;
    if (all.delete(name)) this.#tell({ kind, name, object: undefined });
  }

  ensureQueue(): StoredQueue {
    const about = { pool: 'default', owner: this.pool.uid, version: 0, positions: new Map() };
    const made = { name: 'default-waiting', uid: this.#newUid(), ...about };
    if (this.storedQueue?.owner === this.pool.uid) return this.storedQueue;
    return this.putQueue(this.#owned<StoredQueue>(this.storedQueue, made));
  }

  putQueue(queue: StoredQueue): StoredQueue {
    this.storedQueue = { ...queue, version: ++this.#version };
    this.#tell({ kind: 'queue', name: queue.name, object: this.storedQueue });
    return this.storedQueue;
  }

  *everything(): Iterable<Observation> {
    if (this.storedQueue) yield { kind: 'queue', name: this.storedQueue.name, object: this.storedQueue };
    for (const node of this.nodes.values()) yield { kind: 'node', name: node.name, object: node };
    if (this.hasSet) yield { kind: 'pool', name: this.pool.statefulSet, object: this.pool };
    for (const route of this.routes.values()) yield { kind: 'route', name: route.name, object: route };
    for (const service of this.services.values()) yield { kind: 'service', name: service.name, object: service };
    for (const pod of this.pods.values()) yield { kind: 'pod', name: pod.name, object: pod };
  }

  /** Writes the Lease if it still has that version; undefined: if it does not exist. */
  putLease(version: string | undefined, lease: LeaseToWrite): Lease | 'conflict' {
    if (this.lease?.version !== version) return 'conflict';
    this.lease = { ...lease, version: String(++this.#version) };
    return this.lease;
  }

  /** Writes the Lease of a manager, or removes it. */
  putManager(name: string, isThere = true): void {
    const version = isThere ? String(++this.#version) : undefined;
    if (version === undefined) this.managers.delete(name);
    else this.managers.set(name, version);
    for (const port of this.#ports) port.onManager(name, version);
  }

  #newUid(): string {
    this.#uids++;
    return `uid-${this.#uids}`;
  }

  #tell(observation: Observation): void {
    for (const port of this.#ports) port.queue.push(observation);
  }
}

const newNode = (name: string, index: number): ObservedNode => ({
  name,
  host: `192.0.2.${index}`,
  cordoned: false,
  ready: true,
});

/** One manager's connection to the model. */
export class ModelPort implements Cluster {
  readonly queue: Observation[];
  /** Faults of the next claims, in order; undefined is no fault. */
  readonly faults: (Fault | undefined)[] = [];
  /** Faults of the next writes of positions. */
  readonly queueFaults: (Fault | undefined)[] = [];
  /** Faults of the next requests about the Lease. */
  readonly leaseFaults: (LeaseFault | undefined)[] = [];
  #hung: (() => void)[] = [];
  #sink: Sink | undefined;
  #cut = false;
  readonly #model: ModelCluster;

  constructor(model: ModelCluster) {
    this.#model = model;
    this.queue = [...model.everything()];
  }

  async watch(sink: Sink, signal: AbortSignal): Promise<void> {
    this.#sink = sink;
    this.deliver();
    sink.synced();
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  }

  /** The manager on this port was killed, and sends no more requests. */
  cut(): void {
    this.#cut = true;
    this.#sink = undefined;
  }

  /** Delivers the next `count` events to the watcher, or all. */
  deliver(count = Number.POSITIVE_INFINITY): void {
    const sink = this.#sink;
    if (!sink) return;
    while (count-- > 0 && this.queue.length > 0) sink.observe(this.queue.shift()!);
  }

  async claimPod(pod: ObservedPod, claim: ClaimToWrite) {
    const model = this.#model;
    const fault = this.faults.shift();
    await nextTurn();
    if (fault === 'lost-request' || this.#cut) throw new ServiceError('unavailable', 'lost on the way there');
    const now = model.pods.get(pod.name);
    const free = now !== undefined && now.uid === pod.uid && now.pool === pod.pool && !now.taken && !isOver(now);
    if (free) {
      model.writes++;
      model.visitorsOf.set(now.uid, (model.visitorsOf.get(now.uid) ?? new Set()).add(claim.visitor));
      model.put({ ...now, taken: true, claim: { ...claim, connectedAt: undefined } });
    }
    const result = free ? model.pods.get(pod.name)! : 'conflict';
    await nextTurn();
    if (fault === 'lost-response') throw new ServiceError('timeout', 'lost on the way back');
    return result;
  }

  async readPod(name: string) {
    return this.#model.pods.get(name);
  }

  async markConnected(pod: { name: string; uid: string }, at: number) {
    const now = this.#model.pods.get(pod.name);
    if (now?.uid !== pod.uid || !now.claim || now.claim.connectedAt !== undefined) return undefined;
    this.#model.writes++;
    return this.#model.put({ ...now, claim: { ...now.claim, connectedAt: at } });
  }

  async markEndedByOwner(pod: { name: string; uid: string }) {
    const now = this.#model.pods.get(pod.name);
    if (now?.uid !== pod.uid) return undefined;
    this.#model.writes++;
    return this.#model.put({ ...now, endedByOwner: true });
  }

  async setLinkEpoch(pod: { name: string; uid: string }, linkEpoch: number) {
    const now = this.#model.pods.get(pod.name);
    if (now?.uid !== pod.uid) return undefined;
    this.#model.writes++;
    return this.#model.put({ ...now, linkEpoch });
  }

  async retirePod(pod: ObservedPod) {
    const model = this.#model;
    await nextTurn();
    if (this.#cut) throw new ServiceError('unavailable', 'lost on the way there');
    const now = model.pods.get(pod.name);
    const free =
      now?.uid === pod.uid && now.pool === pod.pool && (pod.retired ? now.retired && !now.claim : !now.taken);
    if (!free) return 'conflict';
    model.writes++;
    model.retired.add(now.uid);
    const marked = model.put({ ...now, taken: true, retired: true });
    await nextTurn();
    return marked;
  }

  async deletePod(pod: { name: string; uid: string }) {
    if (this.#cut) throw new ServiceError('unavailable', 'lost on the way there');
    const now = this.#model.pods.get(pod.name);
    if (now?.uid !== pod.uid) return undefined;
    this.#model.writes++;
    if (now.claim && !now.terminating) this.#model.deleted.push(now);
    return this.#model.markDeleted(now);
  }

  async deleteAsSeen(pod: Pick<ObservedPod, 'name' | 'uid' | 'version'>) {
    if (this.#cut) throw new ServiceError('unavailable', 'lost on the way there');
    const now = this.#model.pods.get(pod.name);
    if (now?.uid !== pod.uid) return undefined;
    if (now.version !== pod.version) return 'conflict' as const;
    this.#model.writes++;
    if (now.claim && !now.terminating) this.#model.deleted.push(now);
    return this.#model.markDeleted(now);
  }

  async removeOrphan(pod: Pick<ObservedPod, 'name' | 'uid' | 'version'>) {
    if (this.#cut) throw new ServiceError('unavailable', 'lost on the way there');
    const now = this.#model.pods.get(pod.name);
    if (now?.uid !== pod.uid) return 'removed' as const;
    if (now.version !== pod.version) return 'conflict' as const;
    this.#model.writes++;
    if (now.claim && !now.terminating) this.#model.deleted.push(now);
    this.#model.remove(pod.name);
    return 'removed' as const;
  }

  readNode = async (name: string) => this.#model.nodes.get(name);

  async scalePool(pool: ObservedPool, to: number) {
    if (this.#cut) throw new ServiceError('unavailable', 'lost on the way there');
    const { hasSet, pool: now } = this.#model;
    if (!hasSet || now.uid !== pool.uid || now.replicas !== pool.replicas) return 'conflict' as const;
    this.#model.writes++;
    for (const { name, ordinal, claim, terminating } of this.#model.pods.values())
      if (ordinal >= to && claim && !terminating) this.#model.scaledAway.push(name);
    return this.#model.scale(to);
  }

  async exposePod(_pool: ObservedPool, ordinal: number) {
    const refusal = this.#model.refusals.service?.(ordinal);
    if (refusal) throw refusal;
    this.#model.writes++;
    return this.#model.expose(ordinal);
  }

  async recordEnd({ name, uid }: ObservedService, lastEnd: TerminalEnd) {
    if (this.#cut) throw new ServiceError('unavailable', 'lost on the way there');
    this.#model.writes++;
    return this.#model.annotateService(name, uid, lastEnd);
  }

  async routePod(_pool: ObservedPool, ordinal: number) {
    const refusal = this.#model.refusals.route?.(ordinal);
    if (refusal) throw refusal;
    this.#model.writes++;
    return this.#model.route(ordinal);
  }

  async restoreRoute(route: ObservedRoute) {
    if (this.#model.routes.get(route.name)?.uid !== route.uid) return undefined;
    this.#model.writes++;
    return this.#model.putRoute({ ...route, asTemplate: true });
  }

  async withdrawService({ name, uid }: ObservedService) {
    this.#model.writes++;
    this.#model.withdraw('service', name, uid);
  }

  async withdrawRoute({ name, uid }: ObservedRoute) {
    this.#model.writes++;
    this.#model.withdraw('route', name, uid);
  }

  async ensureQueue() {
    await nextTurn();
    if (this.#cut) throw new ServiceError('unavailable', 'lost on the way there');
    this.#model.writes++;
    return this.#model.ensureQueue();
  }

  async writePositions(known: StoredQueue, changes: PositionsToWrite, { unchanged = false } = {}) {
    const model = this.#model;
    const fault = this.queueFaults.shift();
    await nextTurn();
    if (fault === 'lost-request' || this.#cut) throw new ServiceError('unavailable', 'lost on the way there');
    const { storedQueue } = model;
    if (storedQueue?.uid !== known.uid || (unchanged && storedQueue.version !== known.version)) return 'conflict';
    model.writes++;
    const positions = new Map(storedQueue.positions);
    for (const [visitor, position] of changes) {
      if (position) positions.set(visitor, position);
      else positions.delete(visitor);
    }
    const written = model.putQueue({ ...storedQueue, positions });
    await nextTurn();
    if (fault === 'lost-response') throw new ServiceError('timeout', 'lost on the way back');
    return written;
  }

  readLease = (_name: string) => this.#askLease(() => this.#model.lease);
  createLease = (_name: string, lease: LeaseToWrite) => this.#askLease(() => this.#model.putLease(undefined, lease));
  updateLease = (_name: string, version: string, lease: LeaseToWrite) =>
    this.#askLease(() => this.#model.putLease(version, lease));

  /** Continues the hanging requests. */
  unhang(): void {
    for (const goOn of this.#hung.splice(0)) goOn();
  }

  async #askLease<T>(act: () => T): Promise<T> {
    const fault = this.leaseFaults.shift();
    await nextTurn();
    if (fault === 'lost-request' || this.#cut) throw new ServiceError('unavailable', 'lost on the way there');
    const unhung = () => new Promise<void>((resolve) => this.#hung.push(resolve));
    if (fault === 'hangs') await unhung();
    const result = act();
    if (fault === 'late-answer') await unhung();
    await nextTurn();
    if (fault === 'lost-response') throw new ServiceError('timeout', 'lost on the way back');
    return result;
  }

  readCreateFailure = async () => this.#model.createFailure;

  readPodInTheWay = async (name: string) => {
    const there = this.#model.pods.get(name);
    return there && there.pool !== 'default' ? { pool: there.pool } : undefined;
  };

  /** Delivers changes of the managers' Leases at once. */
  onManager: (name: string, version: string | undefined) => void = () => {};

  async watchManagers(observe: (name: string, version: string | undefined) => void, signal: AbortSignal) {
    this.onManager = (name, version) => {
      if (!this.#cut) observe(name, version);
    };
    for (const [name, version] of this.#model.managers) observe(name, version);
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  }

  reportManager = (name: string, _lease: LeaseToWrite) => this.#askLease(() => this.#model.putManager(name));

  removeManager = ({ name, version }: { name: string; version?: string }) =>
    this.#askLease(() => {
      if (version === undefined || this.#model.managers.get(name) === version) this.#model.putManager(name, false);
    });

  readCapacity = async (_signal?: AbortSignal) => this.#model.capacity;

  async reviewToken(token: string) {
    return this.#model.identities.get(token);
  }

  async recordEvent(event: KubernetesEvent) {
    if (this.#cut) throw new ServiceError('unavailable', 'lost on the way there');
    this.#model.events.push(event);
  }
}

/** Resolves after one turn of the event loop. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
