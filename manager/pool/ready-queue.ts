// Which pod of a pool is handed out next: the lowest that is ready, found without looking at the others. Knows what this
// manager has its hands on, and what it had better not believe; what makes a pod servable it is told.

import TinyQueue from 'tinyqueue';
import type { ObservedPod } from './observation.ts';

export class ReadyQueue {
  readonly #podAt: (ordinal: number) => ObservedPod | undefined;
  readonly #isServable: (pod: ObservedPod) => boolean;
  // Ordinals that were ready when they were pushed; what has changed since is dropped when it comes up.
  #queue = new TinyQueue<number>();
  /** Those in the queue: pods tell of themselves far more often than one is taken. */
  readonly #queued = new Set<number>();
  /** Pods that a claim under way has its hand on, by UID. */
  readonly #reserved = new Set<string>();
  /** Pods that the API server knows better than this cache: name → version at which a claim on it failed. */
  readonly #distrusted = new Map<string, number>();

  /** `podAt`: the pod as it was last seen. `isServable`: whether it may be handed out, as far as that can be seen. */
  constructor(podAt: (ordinal: number) => ObservedPod | undefined, isServable: (pod: ObservedPod) => boolean) {
    this.#podAt = podAt;
    this.#isServable = isServable;
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

  /** The pod of that ordinal may have become ready. */
  offer(ordinal: number): void {
    const pod = this.#podAt(ordinal);
    if (!pod || this.#queued.has(ordinal) || !this.has(pod)) return;
    this.#queued.add(ordinal);
    this.#queue.push(ordinal);
  }

  /** Any of the pods may have. */
  rebuild(ordinals: Iterable<number>): void {
    this.#queue = new TinyQueue<number>();
    this.#queued.clear();
    for (const ordinal of ordinals) this.offer(ordinal);
  }

  /**
   * Reserves the lowest pod, or that of the `among` lowest which `chance` (0 to 1) falls on. The highest stay free, so that a
   * StatefulSet, which shrinks from the top, can.
   */
  take(among = 1, chance = 0): ObservedPod | undefined {
    const lowest: ObservedPod[] = [];
    while (lowest.length < among && this.#queue.length > 0) {
      const ordinal = this.#queue.pop()!;
      this.#queued.delete(ordinal);
      const pod = this.#podAt(ordinal);
      if (pod && this.has(pod)) lowest.push(pod);
    }
    const [taken] = lowest.splice(Math.floor(chance * lowest.length), 1);
    for (const { ordinal } of lowest) this.offer(ordinal);
    if (taken) this.#reserved.add(taken.uid);
    return taken;
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
}
