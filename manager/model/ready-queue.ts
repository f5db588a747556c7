// Which pod of a pool is handed out next: the lowest ready one that this manager prefers, found without a scan. Knows which pods are
// reserved by a claim under way, and which are in quarantine because a claim on them conflicted. The caller defines which pods
// are servable.

import type { ObservedPod } from './observation.ts';
import { prefers, prefersNext, type Share, wholeShare } from './share.ts';

export type Choice = {
  /** Which pods this manager prefers. */
  share?: Share;
  /** Take no pod with this many ready pods below it. */
  reach?: number;
  /** Take one of this many lowest pods at random. */
  among?: number;
  /** From 0 to 1. */
  random?: number;
};

export class ReadyQueue {
  readonly #podAt: (ordinal: number) => ObservedPod | undefined;
  readonly #isServable: (pod: ObservedPod) => boolean;
  /** Ordinals that were ready when they were added, ascending. Those that are no longer ready are dropped on access. */
  #ordinals: number[] = [];
  /** UIDs of pods that a claim under way has taken. */
  readonly #reserved = new Set<string>();
  /** Pods that are not handed out because a claim on them conflicted: name → version at that time. */
  readonly #quarantined = new Map<string, number>();

  /** `podAt`: the pod as last observed. `isServable`: whether its last observed state permits handing it out. */
  constructor(podAt: (ordinal: number) => ObservedPod | undefined, isServable: (pod: ObservedPod) => boolean) {
    this.#podAt = podAt;
    this.#isServable = isServable;
  }

  /** Whether a claim is under way. */
  get hasReserved(): boolean {
    return this.#reserved.size > 0;
  }

  /** Whether the pod may be handed out now. */
  has(pod: ObservedPod): boolean {
    return this.#isServable(pod) && !this.#reserved.has(pod.uid) && !this.#quarantined.has(pod.name);
  }

  /** Observes a pod. A newer version ends its quarantine. */
  observe(pod: ObservedPod): void {
    if ((this.#quarantined.get(pod.name) ?? Number.POSITIVE_INFINITY) < pod.version) this.#quarantined.delete(pod.name);
    this.offer(pod.ordinal);
  }

  /** The pod was deleted. */
  forget({ name }: ObservedPod): void {
    this.#quarantined.delete(name);
  }

  /** Adds the pod of the ordinal if it is ready, and removes it if not. */
  offer(ordinal: number): void {
    const pod = this.#podAt(ordinal);
    const index = this.#indexOf(ordinal);
    const isQueued = this.#ordinals[index] === ordinal;
    const isReady = pod !== undefined && this.has(pod);
    if (isReady && !isQueued) this.#ordinals.splice(index, 0, ordinal);
    else if (!isReady && isQueued) this.#ordinals.splice(index, 1);
  }

  /** Rebuilds the list from all ordinals. */
  rebuild(ordinals: Iterable<number>): void {
    this.#ordinals = [...ordinals].filter((ordinal) => this.#readyAt(ordinal)).sort((a, b) => a - b);
  }

  /**
   * Reserves the lowest pod that this manager prefers, or one of the `among` lowest of these at random. A StatefulSet shrinks from
   * the top, so the highest pods stay free: no pod is taken that has `reach` or more ready ones below it. If this manager
   * prefers none within reach, it takes one that the preferring manager would take last.
   */
  take({ reach = Number.POSITIVE_INFINITY, ...choice }: Choice = {}): ObservedPod | undefined {
    while (this.#ordinals.length > 0) {
      const taken = this.#lowestOwn(reach, choice) ?? this.#lastOfOthers(reach, choice);
      if (taken) {
        this.#reserved.add(taken.uid);
        this.offer(taken.ordinal);
        return taken;
      }
      // None within reach is still ready.
      this.#ordinals.splice(0, reach);
    }
    return undefined;
  }

  /** The claim that took `pod` is over, successful or not. */
  release(pod: ObservedPod): void {
    this.#reserved.delete(pod.uid);
    this.offer(pod.ordinal);
  }

  /** Holds the pod back until a newer version of it is observed, or `endQuarantine` is called. */
  quarantine(pod: ObservedPod): void {
    if (this.#podAt(pod.ordinal)?.version === pod.version) this.#quarantined.set(pod.name, pod.version);
  }

  endQuarantine(pod: ObservedPod): void {
    if (this.#quarantined.get(pod.name) === pod.version) this.#quarantined.delete(pod.name);
    this.offer(pod.ordinal);
  }

  #lowestOwn(reach: number, { share = wholeShare, among = 1, random = 0 }: Choice): ObservedPod | undefined {
    const own: ObservedPod[] = [];
    for (let index = 0; own.length < among && index < Math.min(reach, this.#ordinals.length); index++) {
      const ordinal = this.#ordinals[index]!;
      const pod = prefers(share, ordinal) ? this.#readyAt(ordinal) : undefined;
      if (pod) own.push(pod);
    }
    return atRandom(own, random);
  }

  /** Of the pods that other managers prefer, picks one that its manager takes last and that no third manager tries. */
  #lastOfOthers(reach: number, { share = wholeShare, random = 0 }: Choice): ObservedPod | undefined {
    const lowest = this.#ordinals.slice(0, reach);
    for (const ordinal of lowest.toReversed()) {
      const pod = prefersNext(share, ordinal) ? this.#readyAt(ordinal) : undefined;
      if (pod) return pod;
    }
    const others = lowest.map((ordinal) => this.#readyAt(ordinal)).filter((pod) => pod !== undefined);
    return atRandom(others, random);
  }

  #readyAt(ordinal: number): ObservedPod | undefined {
    const pod = this.#podAt(ordinal);
    return pod && this.has(pod) ? pod : undefined;
  }

  /** The index of the ordinal, or where to insert it. */
  #indexOf(ordinal: number): number {
    let [low, high] = [0, this.#ordinals.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ordinals[middle]! < ordinal) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const atRandom = (pods: ObservedPod[], random: number) => pods[Math.floor(random * pods.length)];
