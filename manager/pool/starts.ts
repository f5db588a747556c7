// What a pool's pods show of starting: how long it takes from a claim to the Readiness of the pod that it made necessary,
// and how often in a row an ordinal's pod came to nothing. Read off the pods' own times, so that a manager that starts
// knows it at once from those that are there; knows no clock.

import type { ObservedPod } from './observation.ts';

// Before any pod was seen to start: what a pod takes whose image is on the node already, with a little to spare.
const initialMs = 10_000;
// From the claim to the pod's creation: one request of the manager, and one of the StatefulSet controller. Pods tell their
// times in whole seconds, so that nothing shorter could be measured anyway.
const orderMs = 1_000;
// Each start counts for at least so much of the estimate: it follows an image that has grown within a few pods, and
// forgets a bad day within some dozen. Slower than expected counts for more than faster: too long an estimate costs a
// pod or two, too short a one visitors.
const weight = { slower: 0.3, faster: 0.1 };

type Start = { uid: string; wasReady: boolean; taken: boolean };

export class Starts {
  #refillMs = initialMs;
  #seen = 0;
  readonly #last = new Map<number, Start>();
  readonly #failures = new Map<number, number>();

  /** Mean time from a claim to its replacement's Readiness, in milliseconds. */
  get refillMs(): number {
    return this.#refillMs;
  }

  /** How many pods of this ordinal have gone without ever having been Ready, since the last one that was. */
  failures(ordinal: number): number {
    return this.#failures.get(ordinal) ?? 0;
  }

  /** Whether there is such an ordinal among so many replicas. */
  failing(replicas: number): boolean {
    return [...this.#failures.keys()].some((ordinal) => ordinal < replicas);
  }

  /** Takes in a pod as it now is. A start that took longer than `timeoutMs` is no measure: the pod was broken. */
  observe(pod: ObservedPod, timeoutMs: number): void {
    const last = this.#last.get(pod.ordinal);
    if (last && last.uid !== pod.uid) this.gone(pod.ordinal);
    const former = last?.uid === pod.uid ? last : undefined;
    const isNew = pod.ready && !former?.wasReady;
    this.#last.set(pod.ordinal, {
      uid: pod.uid,
      wasReady: pod.ready || former?.wasReady === true,
      taken: pod.taken,
    });
    if (!isNew) return;
    this.#failures.delete(pod.ordinal);
    const took = (pod.readyChangedAt ?? pod.createdAt) - pod.createdAt;
    if (took >= 0 && took <= timeoutMs) this.#measure(took + orderMs);
  }

  /** The ordinal's pod is gone. */
  gone(ordinal: number): void {
    const last = this.#last.get(ordinal);
    this.#last.delete(ordinal);
    if (last && !last.wasReady && !last.taken) this.#failures.set(ordinal, this.failures(ordinal) + 1);
  }

  #measure(ms: number): void {
    this.#seen++;
    const share = Math.max(1 / this.#seen, ms > this.#refillMs ? weight.slower : weight.faster);
    this.#refillMs += share * (ms - this.#refillMs);
  }
}
