// Claimed pods, indexed by a key of their claims. The cost of a lookup does not depend on the size of the pool.

import type { ClaimRecord, ObservedPod } from './observation.ts';

export class ClaimIndex {
  readonly #pods = new Map<string, Set<ObservedPod>>();
  readonly #keyOf: (claim: ClaimRecord) => string | undefined;

  /** Claims without a key are not indexed. */
  constructor(keyOf: (claim: ClaimRecord) => string | undefined) {
    this.#keyOf = keyOf;
  }

  of(key: string): ReadonlySet<ObservedPod> {
    return this.#pods.get(key) ?? none;
  }

  add(pod: ObservedPod): void {
    const key = pod.claim && this.#keyOf(pod.claim);
    if (key === undefined) return;
    const pods = this.#pods.get(key);
    if (pods) pods.add(pod);
    else this.#pods.set(key, new Set([pod]));
  }

  /** Removes this observation of a pod. */
  remove(pod: ObservedPod): void {
    const key = pod.claim && this.#keyOf(pod.claim);
    const pods = key === undefined ? undefined : this.#pods.get(key);
    if (pods?.delete(pod) && pods.size === 0) this.#pods.delete(key!);
  }
}

const none: ReadonlySet<ObservedPod> = new Set();
