// One pool as this manager last saw it, indexed for the claim path: the lowest ready pod, and a visitor's own pod, are
// found without looking at the others. Knows no Kubernetes and no clock; a change of state comes in as an observation.

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
  /** The address of the node that a pod is on; undefined while that is not known. */
  hostOf?: (pod: ObservedPod) => string | undefined;
  /** The state of the node that a pod is on. */
  nodeStateOf?: (pod: ObservedPod) => NodeState;
  /** Called after each change. */
  onChange?: (pool: Pool) => void;
};

export class Pool {
  readonly name: string;
  /** The StatefulSet; undefined while there is none. */
  spec: ObservedPool | undefined;
  /** The UID of the StatefulSet, or of the last one while there is none. Only what it owns is the pool's. */
  owner: string | undefined;
  /** Since when it has had no StatefulSet; undefined while it has one. */
  awaySince: number | undefined;
  /** Other StatefulSets with the pool's label. They are left alone. */
  others: readonly ObservedPool[] = [];
  settings: Settings = defaultSettings;
  /** The windows among them. */
  schedule = new Schedule([]);
  /** Whether the present or next time of each fits, as it was last judged. */
  fits: ReadonlyMap<Window, Fit> = new Map();
  /** What is wrong with the settings, in sentences. */
  problems: string[] = [];
  /** That somebody has lately scaled the pool below terminals in use. */
  forcedScaleDown: ForcedScaleDown | undefined;
  /** UIDs of terminals that this manager has found to be wedged. */
  readonly unresponsive = new Set<string>();
  /** What the pool has lately needed. */
  readonly demand = new Demand();

  /** The stored queue, as it was last seen; undefined while there is none. */
  storedQueue: StoredQueue | undefined;
  /** The visitors who wait for a terminal, at all managers. */
  readonly queue = new Queue();

  /** Those that may be handed out. */
  readonly ready = new ReadyQueue(
    (ordinal) => this.#pods.get(ordinal),
    (pod) => this.#isServable(pod),
  );

  /** How many claims were seen, whichever manager made them. Only ever grows. */
  claimsSeen = 0;
  /** How long its sessions last. */
  readonly sessions = new Sessions();
  /** Whether replacing its pods helps. */
  readonly replacements = new Replacements();
  /** How its pods start. */
  readonly starts = new Starts();
  /** Ordinals without a pod. */
  readonly missing = new MissingPods();
  /** Services and routes that cannot be made. */
  readonly exposureFailures = new ExposureFailures();
  /** That the pools may need more node ports than there are; undefined while they do not, as far as is known. */
  portShortage: PortShortage | undefined;
  readonly #arrivals = new Arrivals();
  readonly #recentClaims = new RecentClaims();

  readonly #pods = new Map<number, ObservedPod>();
  readonly #services = new Map<number, ObservedService>();
  /** Of the Services, by visitor. */
  readonly #ends = new Map<string, TerminalEnd>();
  readonly #routes = new Map<number, ObservedRoute>();
  // Terminals that have ended or are going count no more.
  readonly #byVisitor = new ClaimIndex(({ visitor }) => visitor);
  readonly #byOwner = new ClaimIndex(({ visitor }) => ownerOf(visitor));
  readonly #byAddress = new ClaimIndex(({ address }) => address);

  readonly exposure: ExposureMode;
  readonly #hostOf: (pod: ObservedPod) => string | undefined;
  readonly #onChange: (pool: Pool) => void;
  /** The state of the node that a pod is on, as of the last evaluation. */
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

  /** Notifies the subscribers of `Pools`: something about the pool has changed, or time has passed. */
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

  /** The Service of the ordinal; undefined while there is none. */
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

  /** What is known at `now` of how often visitors come. */
  arrivalRates(now: number): ArrivalRate[] {
    return this.#arrivals.rates(now, this.spec?.createdAt ?? now);
  }

  /** Where browsers reach the pod; undefined while its Service, and its node or its route, are not known. */
  address(pod: ObservedPod): Address | undefined {
    const service = this.#services.get(pod.ordinal);
    if (this.exposure === 'ingress') return service && this.#routes.get(pod.ordinal)?.address;
    const [host, port] = [this.#hostOf(pod), service?.nodePort];
    return host === undefined || port === undefined ? undefined : { protocol: 'http', host, port };
  }

  /** Whether the pool's StatefulSet is the controller of the object. */
  owns({ owner }: { owner?: string }): boolean {
    return owner !== undefined && owner === this.owner;
  }

  observeSpec(spec: ObservedPool | undefined): void {
    if (spec && this.spec?.uid === spec.uid && spec.version < this.spec.version) return;
    if (spec && spec.uid !== this.owner) this.#changeOwner(spec.uid);
    const grown = (spec?.replicas ?? 0) > this.replicas;
    if (spec && spec.uid === this.spec?.uid && spec.replicas < this.replicas)
      this.forcedScaleDown = detectForcedScaleDown(spec, this.#pods.values()) ?? this.forcedScaleDown;
    // It is the status that changes most of the time.
    const annotated = spec && !isDeepStrictEqual(spec.annotations, this.spec?.annotations);
    this.spec = spec;
    if (spec) this.replacements.follow([spec.uid, spec.revision, spec.updateStrategy].join(' '));
    if (annotated) this.#readSettings(spec);
    if (grown) this.rebuildQueue();
  }

  /** Takes in a pod as it now is; one that is older than what is known (a slow watch after a patch) is ignored. */
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

  /** The pod is gone; a successor of the same name that was already seen stays. */
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

  /** The visitor's terminal that ended last, as far as the Services tell. */
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

  /** The API server refused to make a Service or a route. */
  noteExposureFailure(failure: ExposureFailure): void {
    this.exposureFailures.failed(failure);
    this.changed();
  }

  /** What the StatefulSet controller said about pods that it cannot create; undefined: nothing. */
  noteCreateFailure(statefulSetUid: string, message: string | undefined): void {
    if (message === this.missing.refusal(statefulSetUid)) return;
    this.missing.observeRefusal(statefulSetUid, message);
    this.changed();
  }

  /** A terminal in use does not report and fails its probes; or, with `is` false, it reports again. */
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

  /** Takes in the queue as it is written now, at `now`. */
  observeQueue(stored: StoredQueue | undefined, now: number): void {
    if (stored && this.storedQueue?.uid === stored.uid && stored.version < this.storedQueue.version) return;
    this.storedQueue = stored;
    this.queue.observe(stored, now);
  }

  /**
   * The visitor's pod. Of several, as when two managers that did not know of each other's claim served one visitor: one that
   * somebody has connected to, of those the one claimed first. One that is lost comes last.
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

  /** The terminals of all claimants of a visitor, one of each. */
  *terminalsOf(owner: string): Iterable<ObservedPod> {
    for (const pod of this.#byOwner.of(owner)) if (this.terminalOf(pod.claim!.visitor) === pod) yield pod;
  }

  /**
   * Whether the pod is one too many: its visitor has another, claimed before, and has been there. One that was claimed
   * before and that nobody has connected to yet may be about to be; it goes when that does not happen.
   */
  isDuplicate(pod: ObservedPod): boolean {
    const kept = this.terminalOf(pod.claim!.visitor);
    return kept !== undefined && kept !== pod && isConnected(kept) && claimOrder(kept, pod) < 0;
  }

  /** When the session in the pod ends at the latest, in milliseconds since 1970; undefined while the pod is unclaimed. */
  expiryOf({ claim }: ObservedPod): number | undefined {
    return claim && claim.claimedAt + this.settings.maxLifetime;
  }

  /** How many terminals visitors from `address` have, those of `visitor` not counted. */
  heldFrom(address: string, visitor: string): number {
    const all = this.#byAddress.of(address);
    let count = all.size;
    for (const pod of this.#byVisitor.of(visitor)) if (all.has(pod)) count--;
    return count;
  }

  /** When visitors from `address` have claimed terminals in the minute before `now`, oldest first. */
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

  /** Whether the pod's node was deleted, or has been NotReady for longer than the grace period: its visitor gets another. */
  isLost(pod: ObservedPod): boolean {
    return isLostState(this.nodeState(pod));
  }

  /** Whether the pod is on a node that accepts no new pods: cordoned, NotReady or deleted. */
  isUnschedulable(pod: ObservedPod): boolean {
    return isUnschedulableState(this.nodeState(pod), pod);
  }

  /** Whether the pod is Ready, unclaimed, on a node that stays, and at an address that is known. */
  isReady(pod: ObservedPod): boolean {
    return podState(pod) === 'ready' && !this.isUnschedulable(pod) && this.address(pod) !== undefined;
  }

  /** How many pods may be handed out now, counted up to `enough`. */
  countAvailable(enough: number): number {
    let count = 0;
    for (const pod of this.#pods.values()) {
      if (count >= enough) break;
      if (this.ready.has(pod)) count++;
    }
    return count;
  }

  /** What may be handed out may have changed for many pods at once. */
  rebuildQueue(): void {
    this.ready.rebuild(this.#pods.keys());
  }

  /** Whether the pod is ready, and not about to be scaled away. */
  #isServable(pod: ObservedPod): boolean {
    // A node that was not seen may be deleted. The pod counts until the API server has said so: a late watch must not make the pool grow.
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

  /** Nothing that another StatefulSet owned is the pool's any more. Its visitors who wait stay. */
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

// Every manager must come to the same.
const claimOrder = (a: ObservedPod, b: ObservedPod): number =>
  a.claim!.claimedAt - b.claim!.claimedAt || a.ordinal - b.ordinal;

const isConnected = ({ claim }: ObservedPod): boolean => claim?.connectedAt !== undefined;
