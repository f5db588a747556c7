// One pool as this manager last saw it, indexed for the claim path: the lowest ready pod, and a visitor's own pod, are
// found without looking at the others. Knows no Kubernetes and no clock; a change of state comes in as an observation.

import { isDeepStrictEqual } from 'node:util';
import type { Address } from '../../common/manager-api.ts';
import { Arrivals } from './arrivals.ts';
import { ClaimIndex } from './claim-index.ts';
import { type Cut, lookAtCut, settleCut } from './cut.ts';
import { Demand } from './demand.ts';
import type { Fit } from './fit.ts';
import {
  type ClaimRecord,
  type ObservedNode,
  type ObservedPod,
  type ObservedPool,
  type ObservedRoom,
  type ObservedRoute,
  type ObservedService,
  podState,
} from './observation.ts';
import { ReadyQueue } from './ready-queue.ts';
import { RecentClaims } from './recent-claims.ts';
import { Sessions } from './sessions.ts';
import { defaultSettings, readSettings, type Settings } from './settings.ts';
import type { ArrivalRate } from './sizing.ts';
import { Starts } from './starts.ts';
import { WaitingRoom } from './waiting-room.ts';
import { Schedule, type Window } from './windows.ts';

/** How the terminals of this installation are exposed. */
export type ExposureMode = 'nodePort' | 'ingress';

export type PoolOptions = {
  exposure?: ExposureMode;
  /** The address of the node that a pod is on; undefined while that is not known. */
  hostOf?: (pod: ObservedPod) => string | undefined;
  /** The node that a pod is on; undefined while nothing is known of it. */
  nodeOf?: (pod: ObservedPod) => ObservedNode | undefined;
};

// For how long a node may be NotReady before its visitors are offered other terminals. Kubernetes itself waits for 40 s of
// silence before it says so.
const nodeGraceMs = 10_000;

export class Pool {
  readonly name: string;
  /** The StatefulSet; undefined while only its pods or Services are known. */
  spec: ObservedPool | undefined;
  settings: Settings = defaultSettings;
  /** The windows among them. */
  schedule = new Schedule([]);
  /** Whether the present or next time of each fits, as it was last judged. */
  fits: ReadonlyMap<Window, Fit> = new Map();
  /** What is wrong with the settings, in sentences. */
  problems: string[] = [];
  /** That somebody has lately scaled the pool below terminals in use. */
  cut: Cut | undefined;
  /** UIDs of terminals that this manager has found to be wedged. */
  readonly wedged = new Set<string>();
  /** What the pool has lately needed. */
  readonly demand = new Demand();

  /** Its waiting room, as it was last seen; undefined while there is none. */
  room: ObservedRoom | undefined;
  readonly waiting = new WaitingRoom();

  /** Those that may be handed out. */
  readonly ready = new ReadyQueue(
    (ordinal) => this.#pods.get(ordinal),
    (pod) => this.#isServable(pod),
  );

  /** How long its sessions last. */
  readonly sessions = new Sessions();
  /** How its pods start. */
  readonly starts = new Starts();
  readonly #arrivals = new Arrivals();
  readonly #recentClaims = new RecentClaims();

  readonly #pods = new Map<number, ObservedPod>();
  readonly #services = new Map<number, ObservedService>();
  readonly #routes = new Map<number, ObservedRoute>();
  // Terminals that are going count no more.
  readonly #byVisitor = new ClaimIndex(({ visitor }) => visitor);
  readonly #byAddress = new ClaimIndex(({ address }) => address);

  readonly #exposure: ExposureMode;
  readonly #hostOf: (pod: ObservedPod) => string | undefined;
  readonly #nodeOf: (pod: ObservedPod) => ObservedNode | undefined;

  constructor(
    name: string,
    { exposure = 'nodePort', hostOf = () => undefined, nodeOf = () => undefined }: PoolOptions = {},
  ) {
    this.name = name;
    this.#exposure = exposure;
    this.#hostOf = hostOf;
    this.#nodeOf = nodeOf;
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

  lacksService(ordinal: number): boolean {
    const service = this.#services.get(ordinal);
    return service === undefined || (this.#exposure === 'nodePort' && service.nodePort === undefined);
  }

  lacksRoute(ordinal: number): boolean {
    return this.#exposure === 'ingress' && !this.#routes.has(ordinal);
  }

  /** What is known at `now` of how often visitors come. */
  arrivalRates(now: number): ArrivalRate[] {
    return this.#arrivals.rates(now, this.spec?.createdAt ?? now);
  }

  /** Where browsers reach the pod; undefined while its Service, and its node or its route, are not known. */
  address(pod: ObservedPod): Address | undefined {
    const service = this.#services.get(pod.ordinal);
    if (this.#exposure === 'ingress') return service && this.#routes.get(pod.ordinal)?.address;
    const [host, port] = [this.#hostOf(pod), service?.nodePort];
    return host === undefined || port === undefined ? undefined : { protocol: 'http', host, port };
  }

  observeSpec(spec: ObservedPool | undefined): void {
    if (spec && this.spec?.uid === spec.uid && spec.version < this.spec.version) return;
    const grown = (spec?.replicas ?? 0) > this.replicas;
    if (spec && spec.uid === this.spec?.uid && spec.replicas < this.replicas)
      this.cut = lookAtCut(spec, this.#pods.values()) ?? this.cut;
    // It is the status that changes most of the time.
    const annotated = spec && !isDeepStrictEqual(spec.annotations, this.spec?.annotations);
    this.spec = spec;
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
    this.#pods.set(pod.ordinal, pod);
    if (!pod.terminating) {
      this.#byVisitor.add(pod);
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
    this.#pods.delete(ordinal);
    this.starts.gone(ordinal);
    this.ready.forget(former);
    this.wedged.delete(uid);
  }

  observeService(service: ObservedService): void {
    this.#services.set(service.ordinal, service);
    this.ready.offer(service.ordinal);
  }

  observeServiceGone(ordinal: number): void {
    this.#services.delete(ordinal);
  }

  observeRoute(route: ObservedRoute): void {
    this.#routes.set(route.ordinal, route);
    this.ready.offer(route.ordinal);
  }

  observeRouteGone(ordinal: number): void {
    this.#routes.delete(ordinal);
  }

  observeRoom(room: ObservedRoom | undefined): void {
    if (room && this.room?.uid === room.uid && room.version < this.room.version) return;
    this.room = room;
    this.waiting.observe(room);
  }

  /**
   * The visitor's pod. Of several, as when two managers that did not know of each other's claim served one visitor: one that
   * somebody has connected to, of those the one claimed first. One that is lost at `now` comes last.
   */
  terminalOf(visitor: string, now: number): ObservedPod | undefined {
    const order = (a: ObservedPod, b: ObservedPod) =>
      Number(this.isLost(a, now)) - Number(this.isLost(b, now)) ||
      Number(isConnected(b)) - Number(isConnected(a)) ||
      claimOrder(a, b);
    let best: ObservedPod | undefined;
    for (const pod of this.#byVisitor.of(visitor)) if (!best || order(pod, best) < 0) best = pod;
    return best;
  }

  /**
   * Whether the pod is one too many: its visitor has another, claimed before, and has been there. One that was claimed
   * before and that nobody has connected to yet may be about to be; it goes when that does not happen.
   */
  isDuplicate(pod: ObservedPod, now: number): boolean {
    const kept = this.terminalOf(pod.claim!.visitor, now);
    return kept !== undefined && kept !== pod && isConnected(kept) && claimOrder(kept, pod) < 0;
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

  /** To be called at every look, so that a cut is told of for a while, once it is clear what came of it. */
  settleCut(now: number): void {
    this.cut = this.cut && settleCut(this.cut, now, (ordinal) => this.#pods.get(ordinal));
  }

  /** Whether nobody reaches the pod any more: its node has been NotReady for some time, and may never come back. */
  isLost(pod: ObservedPod, now: number): boolean {
    const since = this.#nodeOf(pod)?.notReadySince;
    return since !== undefined && now >= since + nodeGraceMs;
  }

  /** Whether the pod is on a node from which nothing is handed out: one that is cordoned or not Ready. */
  isStranded(pod: ObservedPod): boolean {
    const node = this.#nodeOf(pod);
    if (node === undefined) return false;
    // What is going from a cordoned node comes again on another; what is going from a dead one does not go.
    return node.notReadySince !== undefined || (node.cordoned && !pod.terminating);
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

  /** Whether the pod is Ready, never claimed, not about to be scaled away, on a node that stays, and reachable. */
  #isServable(pod: ObservedPod): boolean {
    return (
      podState(pod) === 'ready' &&
      !this.isStranded(pod) &&
      pod.ordinal < this.replicas &&
      this.address(pod) !== undefined
    );
  }

  #readSettings({ annotations }: ObservedPool): void {
    const { settings, problems } = readSettings(annotations, this.settings);
    if (settings.prewarm !== this.settings.prewarm) this.schedule = new Schedule(settings.prewarm);
    this.settings = settings;
    this.problems = problems;
  }

  #noteClaim({ address, claimedAt }: ClaimRecord): void {
    this.#arrivals.add(claimedAt);
    if (address !== undefined) this.#recentClaims.add(address, claimedAt);
  }

  #forgetClaim(pod: ObservedPod): void {
    this.#byVisitor.remove(pod);
    this.#byAddress.remove(pod);
  }
}

const isSession = (pod: ObservedPod): boolean => pod.claim !== undefined && podState(pod) === 'in-use';

// Every manager must come to the same.
const claimOrder = (a: ObservedPod, b: ObservedPod): number =>
  a.claim!.claimedAt - b.claim!.claimedAt || a.ordinal - b.ordinal;

const isConnected = ({ claim }: ObservedPod): boolean => claim?.connectedAt !== undefined;
