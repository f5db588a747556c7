// Measures how long an ordinal has no ready terminal. The wait starts when this manager learns that the ordinal needs a pod: the
// pool grew, or its pod is being deleted. It ends when the pod is Ready. The manager's own clock measures it to the
// millisecond, because pods report times in whole seconds. Reads no clock.

import { isOver, type ObservedPod, podState } from '../observation.ts';

export class Refills {
  readonly #since = new Map<number, number>();
  /** The pod that ended the wait. A pod that is briefly not Ready starts no new wait. */
  readonly #filledBy = new Map<number, string>();
  #replicas: number | undefined;

  /** The pool has this number of replicas at `now`, milliseconds since 1970. */
  resize(replicas: number, now: number): void {
    const former = this.#replicas ?? replicas;
    for (let ordinal = former; ordinal < replicas; ordinal++) this.#since.set(ordinal, now);
    for (let ordinal = replicas; ordinal < former; ordinal++) this.#since.delete(ordinal);
    this.#replicas = replicas;
  }

  /** Observes a pod. Returns the length of the wait in milliseconds if the pod has just become ready. */
  observe(pod: ObservedPod, now: number): number | undefined {
    const { ordinal, uid, createdAt } = pod;
    if (ordinal >= (this.#replicas ?? 0)) return undefined;
    const since = this.#since.get(ordinal);
    if (podState(pod) === 'recreating') {
      const isNews = since === undefined && (isOver(pod) || this.#filledBy.get(ordinal) !== uid);
      // A pod that was starting before this manager observed it has been needed at least since its creation.
      if (isNews) this.#since.set(ordinal, isOver(pod) ? now : Math.min(now, createdAt));
      return undefined;
    }
    this.#since.delete(ordinal);
    this.#filledBy.set(ordinal, uid);
    return since === undefined || !pod.ready ? undefined : Math.max(0, now - since);
  }
}
