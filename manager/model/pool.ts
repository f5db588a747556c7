// One pool as this manager last observed it, indexed for claims: the lowest ready pod and a visitor's own pod are found without a
// scan. It does not use Kubernetes or a clock; changes arrive as observations.

import { isDeepStrictEqual } from 'node:util';
import { ownerOf } from '../../common/claimant.ts';
import type { Address } from '../../common/manager-api.ts';
import type { Fit, PortShortage } from './capacity.ts';
import { ClaimIndex } from './claim-index.ts';
import { type ArrivalRate, Arrivals } from './estimators/arrivals.ts';
import { Demand } from './estimators/demand.ts';
import { Sessions } from './estimators/sessions.ts';
import { Starts } from './estimators/starts.ts';
import { type ExposureFailure, ExposureFailures } from './exposure-failures.ts';
import { detectForcedScaleDown, type ForcedScaleDown, settleForcedScaleDown } from './forced-scale-down.ts';
import { MissingPods } from './missing-pods.ts';
import { isLostState, isUnschedulableState, type NodeState } from './nodes.ts';
import {
  type ClaimRecord,
  type ExposureMode,
  isOver,
  type ObservedPod,
  type ObservedPool,
  type ObservedRoute,
  type ObservedService,
  podState,
  type StoredQueue,
  type TerminalEnd,
} from './observation.ts';
import { Queue } from './queue/queue.ts';
import { ReadyQueue } from './ready-queue.ts';
import { RecentClaims } from './recent-claims.ts';
import { Replacements } from './replacements.ts';
import { defaultSettings, readSettings, type Settings } from './settings.ts';
import { Schedule, type Window } from './windows.ts';

export type PoolOptions = {
  exposure?: ExposureMode;
  /** The address of the pod's node. Undefined while unknown. */
  hostOf?: (pod: ObservedPod) => string | undefined;
  /** The state of the pod's node. */
  nodeStateOf?: (pod: ObservedPod) => NodeState;
  /** Called after each change. */
  onChange?: (pool: Pool) => void;
};

export class Pool {
  readonly name: string;
  /** The StatefulSet. Undefined while it does not exist. */
  spec: ObservedPool | undefined;
  /** The UID of the StatefulSet, or of the last one. The pool consists of the objects that it owns. */
  owner: string | undefined;
  /** Since when the StatefulSet is missing. Undefined while it exists. */
  awaySince: number | undefined;
  /** Other StatefulSets with the same pool label. The manager does not change them. */
  others: readonly ObservedPool[] = [];
  settings: Settings = defaultSettings;
  /** The prewarm windows of the settings. */
  schedule = new Schedule([]);
  /** Whether the present or next occurrence of each window fits into the cluster. */
  fits: ReadonlyMap<Window, Fit> = new Map();
  /** Errors in the settings, one sentence each. */
  problems: string[] = [];
  /** Set after an administrator scaled the pool below terminals in use. */
  forcedScaleDown: ForcedScaleDown | undefined;
  /** UIDs of terminals that this manager found unresponsive. */
  readonly unresponsive = new Set<string>();
  /** The recent demand. */
  readonly demand = new Demand();

  /** The stored queue as last observed. Undefined while it does not exist. */
  storedQueue: StoredQueue | undefined;
  /** The visitors who wait for a terminal, at any manager. */
  readonly queue = new Queue();

  /** The pods that may be handed out. */
  readonly ready = new ReadyQueue(
    (ordinal) => this.#pods.get(ordinal),
    (pod) => this.#isServable(pod),
  );

  /** The number of claims observed, by any manager. It only grows. */
  claimsSeen = 0;
  /** Session durations. */
  readonly sessions = new Sessions();
  /** Whether replacing outdated pods works. */
  readonly replacements = new Replacements();
  /** Pod starts. */
  readonly starts = new Starts();
  /** Ordinals without a pod. */
  readonly missing = new MissingPods();
  /** Services and routes that cannot be created. */
  readonly exposureFailures = new ExposureFailures();
  /** Set when the pools may need more node ports than exist, as far as known. */
  portShortage: PortShortage | undefined;
  readonly #arrivals = new Arrivals();
  readonly #recentClaims = new RecentClaims();

  readonly #pods = new Map<number, ObservedPod>();
  readonly #services = new Map<number, ObservedService>();
  /** The ends that the Services record, by visitor. */
  readonly #ends = new Map<string, TerminalEnd>();
  readonly #routes = new Map<number, ObservedRoute>();
  // These indexes leave out terminals that have ended or are terminating.
  readonly #byVisitor = new ClaimIndex(({ visitor }) => visitor);
  readonly #byOwner = new ClaimIndex(({ visitor }) => ownerOf(visitor));
  readonly #byAddress = new ClaimIndex(({ address }) => address);

  readonly exposure: ExposureMode;
  readonly #hostOf: (pod: ObservedPod) => string | undefined;
  readonly #onChange: (pool: Pool) => void;
  /** The state of the pod's node at the last evaluation. */
  readonly nodeState: (pod: ObservedPod) => NodeState;

  constructor(
    name: string,
    {
      exposure = 'nodePort',
      hostOf = () => undefined,
      nodeStateOf = () => 'ready',
      onChange = () => {},
    }: PoolOptions = {},
  ) {
    this.name = name;
    this.exposure = exposure;
    this.#hostOf = hostOf;
    this.nodeState = nodeStateOf;
    this.#onChange = onChange;
  }

  /** Notifies the subscribers of `Pools` that the pool has changed, or that time has passed. */
  changed(): void {
    this.#onChange(this);
  }

  get replicas(): number {
    return this.spec?.replicas ?? 0;
  }

  /** Every pod, in no particular order. */
  pods(): Iterable<ObservedPod> {
    return this.#pods.values();
  }

  pod(ordinal: number): ObservedPod | undefined {
    return this.#pods.get(ordinal);
  }

  services(): Iterable<ObservedService> {
    return this.#services.values();
  }

  routes(): Iterable<ObservedRoute> {
    return this.#routes.values();
  }

  /** The Service of the ordinal. Undefined while it does not exist. */
  serviceOf(ordinal: number): ObservedService | undefined {
    return this.#services.get(ordinal);
  }

  lacksService(ordinal: number): boolean {
    const service = this.#services.get(ordinal);
    return service === undefined || (this.exposure === 'nodePort' && service.nodePort === undefined);
  }

  lacksRoute(ordinal: number): boolean {
    return this.exposure === 'ingress' && !this.#routes.has(ordinal);
  }

  /** Estimates of the arrival rate at `now`. */
  arrivalRates(now: number): ArrivalRate[] {
    return this.#arrivals.rates(now, this.spec?.createdAt ?? now);
  }

  /** The pod's address for browsers. Undefined until its Service, and its node or route, are known. */
  address(pod: ObservedPod): Address | undefined {
    const service = this.#services.get(pod.ordinal);
    if (this.exposure === 'ingress') return service && this.#routes.get(pod.ordinal)?.address;
    const [host, port] = [this.#hostOf(pod), service?.nodePort];
    return host === undefined || port === undefined ? undefined : { protocol: 'http', host, port };
  }

  /** Whether the pool's StatefulSet is the object's controller. */
  owns({ owner }: { owner?: string }): boolean {
    return owner !== undefined && owner === this.owner;
  }

  observeSpec(spec: ObservedPool | undefined): void {
    if (spec && this.spec?.uid === spec.uid && spec.version < this.spec.version) return;
    if (spec && spec.uid !== this.owner) this.#changeOwner(spec.uid);
    const grown = (spec?.replicas ?? 0) > this.replicas;
    if (spec && spec.uid === this.spec?.uid && spec.replicas < this.replicas)
      this.forcedScaleDown = detectForcedScaleDown(spec, this.#pods.values()) ?? this.forcedScaleDown;
    // Most updates change only the status. Parse the settings only if an annotation changed.
    const annotated = spec && !isDeepStrictEqual(spec.annotations, this.spec?.annotations);
    this.spec = spec;
    if (spec) this.replacements.follow([spec.uid, spec.revision, spec.updateStrategy].join(' '));
    if (annotated) this.#readSettings(spec);
    if (grown) this.rebuildQueue();
  }

  /** Records a pod. Ignores a version older than the known one: a watch may lag behind the answer to a patch. */
  observePod(pod: ObservedPod): void {
    const former = this.#pods.get(pod.ordinal);
    if (former && former.version > pod.version) return;
    if (former) this.#forgetClaim(former);
    if (pod.claim && (former?.uid !== pod.uid || !former.claim)) this.#noteClaim(pod.claim);
    if (former && isSession(former) && (former.uid !== pod.uid || !isSession(pod))) this.sessions.ended();
    this.starts.observe(pod, this.settings.startTimeout);
    if (former?.uid !== pod.uid) {
      if (former) this.replacements.gone(former.ordinal, this.#isFormer(former));
      this.replacements.came(pod.ordinal, this.#isFormer(pod));
    }
    this.#pods.set(pod.ordinal, pod);
    if (!isOver(pod)) {
      this.#byVisitor.add(pod);
      this.#byOwner.add(pod);
      this.#byAddress.add(pod);
    }
    this.ready.observe(pod);
  }

  /** The pod was deleted. A successor of the same name that was already observed stays. */
  observePodGone(ordinal: number, uid: string): void {
    const former = this.#pods.get(ordinal);
    if (former?.uid !== uid) return;
    this.#forgetClaim(former);
    if (isSession(former)) this.sessions.ended();
    this.replacements.gone(ordinal, this.#isFormer(former));
    this.#pods.delete(ordinal);
    this.starts.gone(ordinal);
    this.ready.forget(former);
    this.unresponsive.delete(uid);
  }

  /** The visitor's last terminal that ended, as the Services record it. */
  formerOf(visitor: string): TerminalEnd | undefined {
    return this.#ends.get(visitor);
  }

  observeService(service: ObservedService): void {
    this.#forgetEnd(service.ordinal);
    const { lastEnd } = service;
    const known = lastEnd && this.#ends.get(lastEnd.visitor);
    if (lastEnd && (!known || known.claimedAt <= lastEnd.claimedAt)) this.#ends.set(lastEnd.visitor, lastEnd);
    this.#services.set(service.ordinal, service);
    if (!this.lacksService(service.ordinal))
      this.exposureFailures.worked({ kind: 'Service', ordinal: service.ordinal });
    this.ready.offer(service.ordinal);
  }

  observeServiceGone(ordinal: number): void {
    this.#forgetEnd(ordinal);
    this.#services.delete(ordinal);
  }

  observeRoute(route: ObservedRoute): void {
    this.#routes.set(route.ordinal, route);
    this.exposureFailures.worked({ kind: 'route', ordinal: route.ordinal });
    this.ready.offer(route.ordinal);
  }

  observeRouteGone(ordinal: number): void {
    this.#routes.delete(ordinal);
  }

  /** The API server refused to create a Service or a route. */
  noteExposureFailure(failure: ExposureFailure): void {
    this.exposureFailures.failed(failure);
    this.changed();
  }

  /** The StatefulSet controller's message about pods that it cannot create. Undefined if it has none. */
  noteCreateFailure(statefulSetUid: string, message: string | undefined): void {
    if (message === this.missing.refusal(statefulSetUid)) return;
    this.missing.observeRefusal(statefulSetUid, message);
    this.changed();
  }

  /** Marks a terminal in use that neither reports nor answers probes; with `is` false, one that reports again. */
  noteUnresponsive(uid: string, is: boolean): void {
    if (this.unresponsive.has(uid) === is) return;
    if (is) this.unresponsive.add(uid);
    else this.unresponsive.delete(uid);
    this.changed();
  }

  /** Whether the pool's windows fit into the cluster. */
  noteFits(fits: ReadonlyMap<Window, Fit>): void {
    this.fits = fits;
    this.changed();
  }

  notePortShortage(shortage: PortShortage | undefined): void {
    if (isDeepStrictEqual(this.portShortage, shortage)) return;
    this.portShortage = shortage;
    this.changed();
  }

  /** Records the stored queue, read at `now`. */
  observeQueue(stored: StoredQueue | undefined, now: number): void {
    if (stored && this.storedQueue?.uid === stored.uid && stored.version < this.storedQueue.version) return;
    this.storedQueue = stored;
    this.queue.observe(stored, now);
  }

  /**
   * The visitor's pod. A visitor may have several if two managers served the same visitor at once. Pods that were connected to come
   * first, then those claimed earlier. Lost pods come last.
   */
  terminalOf(visitor: string): ObservedPod | undefined {
    const order = (a: ObservedPod, b: ObservedPod) =>
      Number(this.isLost(a)) - Number(this.isLost(b)) ||
      Number(isConnected(b)) - Number(isConnected(a)) ||
      claimOrder(a, b);
    let best: ObservedPod | undefined;
    for (const pod of this.#byVisitor.of(visitor)) if (!best || order(pod, best) < 0) best = pod;
    return best;
  }

  /** The terminals of all claimants of one owner, one for each claimant. */
  *terminalsOf(owner: string): Iterable<ObservedPod> {
    for (const pod of this.#byOwner.of(owner)) if (this.terminalOf(pod.claim!.visitor) === pod) yield pod;
  }

  /**
   * Whether the pod is a duplicate: its visitor has another one, claimed earlier and connected to. An earlier pod without a
   * connection does not count: its visitor may be about to connect. If not, the connect timeout ends it.
   */
  isDuplicate(pod: ObservedPod): boolean {
    const kept = this.terminalOf(pod.claim!.visitor);
    return kept !== undefined && kept !== pod && isConnected(kept) && claimOrder(kept, pod) < 0;
  }

  /** The latest end of the session in the pod, in milliseconds since 1970. Undefined while the pod is unclaimed. */
  expiryOf({ claim }: ObservedPod): number | undefined {
    return claim && claim.claimedAt + this.settings.maxLifetime;
  }

  /** The number of terminals claimed from `address`, without those of `visitor`. */
  heldFrom(address: string, visitor: string): number {
    const all = this.#byAddress.of(address);
    let count = all.size;
    for (const pod of this.#byVisitor.of(visitor)) if (all.has(pod)) count--;
    return count;
  }

  /** The times of the claims from `address` in the minute before `now`, oldest first. */
  claimsFrom(address: string, now: number): readonly number[] {
    return this.#recentClaims.of(address, now);
  }

  /** Updates what depends on time: missing pods, arrivals, sessions, a forced scale-down. Call it once for each evaluation. */
  update(now: number): void {
    const podAt = (ordinal: number) => this.#pods.get(ordinal);
    this.forcedScaleDown = this.forcedScaleDown && settleForcedScaleDown(this.forcedScaleDown, now, podAt);
    this.missing.update(this.replicas, (ordinal) => this.#pods.has(ordinal), now);
    let inUse = 0;
    for (const pod of this.#pods.values()) {
      if (pod.ordinal < this.replicas && podState(pod) === 'in-use') inUse++;
    }
    this.sessions.update(inUse, now);
    this.#arrivals.update(now);
  }

  /** Whether the pod's node was deleted, or NotReady for longer than the grace period. Its visitor gets another terminal. */
  isLost(pod: ObservedPod): boolean {
    return isLostState(this.nodeState(pod));
  }

  /** Whether the pod is on a node that accepts no new pods: cordoned, NotReady or deleted. */
  isUnschedulable(pod: ObservedPod): boolean {
    return isUnschedulableState(this.nodeState(pod), pod);
  }

  /** Whether the pod is Ready, unclaimed, on a schedulable node and at a known address. */
  isReady(pod: ObservedPod): boolean {
    return podState(pod) === 'ready' && !this.isUnschedulable(pod) && this.address(pod) !== undefined;
  }

  /** The number of pods that may be handed out now. Stops counting at `enough`. */
  countAvailable(enough: number): number {
    let count = 0;
    for (const pod of this.#pods.values()) {
      if (count >= enough) break;
      if (this.ready.has(pod)) count++;
    }
    return count;
  }

  /** Rebuilds the index after a change that may affect many pods. */
  rebuildQueue(): void {
    this.ready.rebuild(this.#pods.keys());
  }

  /** Whether the pod is ready, and within the replicas. */
  #isServable(pod: ObservedPod): boolean {
    // An unseen node may be deleted. The pod still counts until the API server answers: a slow watch must not make the pool grow.
    return pod.ordinal < this.replicas && this.isReady(pod) && this.nodeState(pod) !== 'unseen';
  }

  #isFormer({ revision }: ObservedPod): boolean {
    return this.spec?.revision !== undefined && revision !== this.spec.revision;
  }

  #readSettings({ annotations }: ObservedPool): void {
    const { settings, problems } = readSettings(annotations, this.settings);
    if (settings.prewarm !== this.settings.prewarm) this.schedule = new Schedule(settings.prewarm);
    this.settings = settings;
    this.problems = problems;
  }

  /** Drops the objects that another StatefulSet owned. The queue stays. */
  #changeOwner(uid: string): void {
    const isFirst = this.owner === undefined;
    this.owner = uid;
    if (isFirst) return;
    for (const { ordinal, uid } of [...this.#pods.values()]) this.observePodGone(ordinal, uid);
    this.#services.clear();
    this.#ends.clear();
    this.#routes.clear();
    this.observeQueue(undefined, 0);
    this.forcedScaleDown = undefined;
  }

  #noteClaim({ address, claimedAt }: ClaimRecord): void {
    this.claimsSeen++;
    this.#arrivals.add(claimedAt);
    if (address !== undefined) this.#recentClaims.add(address, claimedAt);
  }

  #forgetEnd(ordinal: number): void {
    const end = this.#services.get(ordinal)?.lastEnd;
    if (end && this.#ends.get(end.visitor) === end) this.#ends.delete(end.visitor);
  }

  #forgetClaim(pod: ObservedPod): void {
    this.#byVisitor.remove(pod);
    this.#byOwner.remove(pod);
    this.#byAddress.remove(pod);
  }
}

const isSession = (pod: ObservedPod): boolean => pod.claim !== undefined && podState(pod) === 'in-use';

// A total order, so that all managers agree.
const claimOrder = (a: ObservedPod, b: ObservedPod): number =>
  a.claim!.claimedAt - b.claim!.claimedAt || a.ordinal - b.ordinal;

const isConnected = ({ claim }: ObservedPod): boolean => claim?.connectedAt !== undefined;
