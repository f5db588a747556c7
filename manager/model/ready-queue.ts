// Which pod of a pool is handed out next: the lowest that is ready, of those that this manager prefers, found without looking
// at all others. Knows which pods a claim under way has reserved, and which the API server contradicted; what makes a pod
// servable it is told.

import type { ObservedPod } from './observation.ts';
import { prefers, prefersNext, type Share, wholeShare } from './share.ts';

export type Choice = {
  /** Which pods this manager prefers. */
  share?: Share;
  /** Take none that has so many ready pods below it. */
  reach?: number;
  /** Take one of so many lowest, by chance. */
  among?: number;
  /** From 0 to 1. */
  chance?: number;
};

export class ReadyQueue {
  readonly #podAt: (ordinal: number) => ObservedPod | undefined;
  readonly #isServable: (pod: ObservedPod) => boolean;
  /** Ordinals that were ready when they were added, ascending. What has changed unheard since is dropped when it comes up. */
  #ordinals: number[] = [];
  /** Pods that a claim under way has its hand on, by UID. */
  readonly #reserved = new Set<string>();
  /** Pods that the API server knows better than this cache: name → version at which a claim on it failed. */
  readonly #distrusted = new Map<string, number>();

  /** `podAt`: the pod as it was last seen. `isServable`: whether it may be handed out, as far as that can be seen. */
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
    return this.#isServable(pod) && !this.#reserved.has(pod.uid) && !this.#distrusted.has(pod.name);
  }

  /** Something newer is known of the pod. */
  observe(pod: ObservedPod): void {
    if ((this.#distrusted.get(pod.name) ?? Number.POSITIVE_INFINITY) < pod.version) this.#distrusted.delete(pod.name);
    this.offer(pod.ordinal);
  }

  /** The pod is gone. */
  forget({ name }: ObservedPod): void {
    this.#distrusted.delete(name);
  }

  /** The pod of that ordinal may have become ready, or may be so no more. */
  offer(ordinal: number): void {
    const pod = this.#podAt(ordinal);
    const index = this.#indexOf(ordinal);
    const isQueued = this.#ordinals[index] === ordinal;
    const isReady = pod !== undefined && this.has(pod);
    if (isReady && !isQueued) this.#ordinals.splice(index, 0, ordinal);
    else if (!isReady && isQueued) this.#ordinals.splice(index, 1);
  }

  /** Any of the pods may have. */
  rebuild(ordinals: Iterable<number>): void {
    this.#ordinals = [...ordinals].filter((ordinal) => this.#readyAt(ordinal)).sort((a, b) => a - b);
  }

  /**
   * Reserves the lowest pod that this manager prefers, or of the `among` lowest of these the one that `chance` falls on. The
   * highest stay free, so that a StatefulSet, which shrinks from the top, can: no pod is taken that has `reach` or more
   * ready ones below it. Where this manager prefers none of those, it takes one that its owner comes to last.
   */
  take({ reach = Number.POSITIVE_INFINITY, ...choice }: Choice = {}): ObservedPod | undefined {
    while (this.#ordinals.length > 0) {
      const taken = this.#lowestOwn(reach, choice) ?? this.#lastOfOthers(reach, choice);
      if (taken) {
        this.#reserved.add(taken.uid);
        this.offer(taken.ordinal);
        return taken;
      }
      // None of them is ready any more.
      this.#ordinals.splice(0, reach);
    }
    return undefined;
  }

  /** The claim that took `pod` is over, well or badly. */
  release(pod: ObservedPod): void {
    this.#reserved.delete(pod.uid);
    this.offer(pod.ordinal);
  }

  /** Not to be handed out again until something newer is heard of it, or `trust` is called. */
  distrust(pod: ObservedPod): void {
    if (this.#podAt(pod.ordinal)?.version === pod.version) this.#distrusted.set(pod.name, pod.version);
  }

  trust(pod: ObservedPod): void {
    if (this.#distrusted.get(pod.name) === pod.version) this.#distrusted.delete(pod.name);
    this.offer(pod.ordinal);
  }

  #lowestOwn(reach: number, { share = wholeShare, among = 1, chance = 0 }: Choice): ObservedPod | undefined {
    const own: ObservedPod[] = [];
    for (let index = 0; own.length < among && index < Math.min(reach, this.#ordinals.length); index++) {
      const ordinal = this.#ordinals[index]!;
      const pod = prefers(share, ordinal) ? this.#readyAt(ordinal) : undefined;
      if (pod) own.push(pod);
    }
    return byChance(own, chance);
  }

  /** Of the pods that others prefer: one that its owner comes to last, and not where the rest of the managers look too. */
  #lastOfOthers(reach: number, { share = wholeShare, chance = 0 }: Choice): ObservedPod | undefined {
    const lowest = this.#ordinals.slice(0, reach);
    for (const ordinal of lowest.toReversed()) {
      const pod = prefersNext(share, ordinal) ? this.#readyAt(ordinal) : undefined;
      if (pod) return pod;
    }
    const others = lowest.map((ordinal) => this.#readyAt(ordinal)).filter((pod) => pod !== undefined);
    return byChance(others, chance);
  }

  #readyAt(ordinal: number): ObservedPod | undefined {
    const pod = this.#podAt(ordinal);
    return pod && this.has(pod) ? pod : undefined;
  }

  /** Where the ordinal is, or belongs. */
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

const byChance = (pods: ObservedPod[], chance: number) => pods[Math.floor(chance * pods.length)];
