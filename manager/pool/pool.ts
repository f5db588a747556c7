// One pool as this manager last saw it, indexed for the claim path: the lowest ready pod, and a visitor's own pod, are
// found without looking at the others. Knows no Kubernetes and no clock; a change of state comes in as an observation.

import TinyQueue from 'tinyqueue';
import type { Address } from '../../common/manager-api.ts';
import { Arrivals } from './arrivals.ts';
import {
  type ObservedPod,
  type ObservedPool,
  type ObservedRoute,
  type ObservedService,
  podState,
} from './observation.ts';
import { defaultSettings, readSettings, type Settings } from './settings.ts';
import type { ArrivalRate } from './sizing.ts';
import { Starts } from './starts.ts';

/** How the terminals of this installation are exposed. */
export type ExposureMode = 'nodePort' | 'ingress';

export type PoolOptions = {
  exposure?: ExposureMode;
  /** The address of the node that a pod is on; undefined while that is not known. */
  hostOf?: (pod: ObservedPod) => string | undefined;
};

export class Pool {
  readonly name: string;
  /** The StatefulSet; undefined while only its pods or Services are known. */
  spec: ObservedPool | undefined;
  settings: Settings = defaultSettings;
  /** What is wrong with the settings, in sentences. */
  problems: string[] = [];

  /** How its pods start. */
  readonly starts = new Starts();
  readonly #arrivals = new Arrivals();

  readonly #pods = new Map<number, ObservedPod>();
  readonly #services = new Map<number, ObservedService>();
  readonly #routes = new Map<number, ObservedRoute>();
  readonly #byVisitor = new Map<string, Set<ObservedPod>>();
  // Ordinals that were ready when they were pushed; what has changed since is dropped when it comes up.
  #queue = new TinyQueue<number>();
  /** Pods that a claim under way has its hand on, by UID. */
  readonly #reserved = new Set<string>();
  /** Pods that the API server knows better than this cache: name → version at which a claim on it failed. */
  readonly #distrusted = new Map<string, number>();

  readonly #exposure: ExposureMode;
  readonly #hostOf: (pod: ObservedPod) => string | undefined;

  constructor(name: string, { exposure = 'nodePort', hostOf = () => undefined }: PoolOptions = {}) {
    this.name = name;
    this.#exposure = exposure;
    this.#hostOf = hostOf;
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
    this.spec = spec;
    if (spec) Object.assign(this, readSettings(spec.annotations, this.settings));
    if (grown) this.rebuildQueue();
  }

  /** Takes in a pod as it now is; one that is older than what is known (a slow watch after a patch) is ignored. */
  observePod(pod: ObservedPod): void {
    const former = this.#pods.get(pod.ordinal);
    if (former && former.version > pod.version) return;
    if (former) this.#forgetVisitor(former);
    if (pod.claim && (former?.uid !== pod.uid || !former.claim)) this.#arrivals.add(pod.claim.claimedAt);
    this.starts.observe(pod, this.settings.startTimeout);
    this.#pods.set(pod.ordinal, pod);
    if (pod.claim && !pod.terminating) {
      const own = this.#byVisitor.get(pod.claim.visitor);
      if (own) own.add(pod);
      else this.#byVisitor.set(pod.claim.visitor, new Set([pod]));
    }
    if ((this.#distrusted.get(pod.name) ?? Number.POSITIVE_INFINITY) < pod.version) this.#distrusted.delete(pod.name);
    this.#offer(pod.ordinal);
  }

  /** The pod is gone; a successor of the same name that was already seen stays. */
  observePodGone(ordinal: number, uid: string): void {
    const former = this.#pods.get(ordinal);
    if (former?.uid !== uid) return;
    this.#forgetVisitor(former);
    this.#pods.delete(ordinal);
    this.starts.gone(ordinal);
    this.#distrusted.delete(former.name);
  }

  observeService(service: ObservedService): void {
    this.#services.set(service.ordinal, service);
    this.#offer(service.ordinal);
  }

  observeServiceGone(ordinal: number): void {
    this.#services.delete(ordinal);
  }

  observeRoute(route: ObservedRoute): void {
    this.#routes.set(route.ordinal, route);
    this.#offer(route.ordinal);
  }

  observeRouteGone(ordinal: number): void {
    this.#routes.delete(ordinal);
  }

  /** The visitor's pod; of several, the one claimed first. */
  terminalOf(visitor: string): ObservedPod | undefined {
    let oldest: ObservedPod | undefined;
    for (const pod of this.#byVisitor.get(visitor) ?? []) {
      if (!oldest || pod.claim!.claimedAt < oldest.claim!.claimedAt) oldest = pod;
    }
    return oldest;
  }

  /**
   * Whether the pod may be handed out: Ready, never claimed, not about to be scaled away, and reachable.
   */
  isAvailable(pod: ObservedPod): boolean {
    return (
      podState(pod) === 'ready' &&
      pod.ordinal < this.replicas &&
      this.address(pod) !== undefined &&
      !this.#reserved.has(pod.uid) &&
      !this.#distrusted.has(pod.name)
    );
  }

  /** Reserves the lowest available pod. The highest stay free, so that a StatefulSet, which shrinks from the top, can. */
  take(): ObservedPod | undefined {
    for (let ordinal = this.#queue.pop(); ordinal !== undefined; ordinal = this.#queue.pop()) {
      const pod = this.#pods.get(ordinal);
      if (!pod || !this.isAvailable(pod)) continue;
      this.#reserved.add(pod.uid);
      return pod;
    }
    return undefined;
  }

  /** The claim that took `pod` is over, well or badly. */
  release(pod: ObservedPod): void {
    this.#reserved.delete(pod.uid);
    this.#offer(pod.ordinal);
  }

  /** Not to be handed out again until something newer is heard of it, or `trust` is called. */
  distrust(pod: ObservedPod): void {
    if (this.#pods.get(pod.ordinal)?.version === pod.version) this.#distrusted.set(pod.name, pod.version);
  }

  trust(pod: ObservedPod): void {
    if (this.#distrusted.get(pod.name) === pod.version) this.#distrusted.delete(pod.name);
    this.#offer(pod.ordinal);
  }

  /** What is available may have changed for many pods at once. */
  rebuildQueue(): void {
    this.#queue = new TinyQueue<number>();
    for (const ordinal of this.#pods.keys()) this.#offer(ordinal);
  }

  #offer(ordinal: number): void {
    const pod = this.#pods.get(ordinal);
    if (pod && this.isAvailable(pod)) this.#queue.push(ordinal);
  }

  #forgetVisitor(pod: ObservedPod): void {
    if (!pod.claim) return;
    const own = this.#byVisitor.get(pod.claim.visitor);
    own?.delete(pod);
    if (own?.size === 0) this.#byVisitor.delete(pod.claim.visitor);
  }
}
