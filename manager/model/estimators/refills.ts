// How long an ordinal of a pool is without a ready terminal: from the moment at which this manager knows that it needs one
// (the pool has grown by it, as a claim makes it; or its former pod is going, after a session) until its pod is Ready. By
// this manager's own clock, to the millisecond; the times that pods tell are in whole seconds. Knows no clock.

import { isOver, type ObservedPod, podState } from '../observation.ts';

export class Refills {
  readonly #since = new Map<number, number>();
  /** Which pod has ended the wait: one that ceases to be Ready for a moment is not waited for anew. */
  readonly #filledBy = new Map<number, string>();
  #replicas: number | undefined;

  /** The pool has so many replicas at `now`, milliseconds since 1970. */
  resize(replicas: number, now: number): void {
    const former = this.#replicas ?? replicas;
    for (let ordinal = former; ordinal < replicas; ordinal++) this.#since.set(ordinal, now);
    for (let ordinal = replicas; ordinal < former; ordinal++) this.#since.delete(ordinal);
    this.#replicas = replicas;
  }

  /** Takes in a pod as it now is. Milliseconds that its ordinal was without, if it has just become ready. */
  observe(pod: ObservedPod, now: number): number | undefined {
    const { ordinal, uid, createdAt } = pod;
    if (ordinal >= (this.#replicas ?? 0)) return undefined;
    const since = this.#since.get(ordinal);
    if (podState(pod) === 'recreating') {
      const isNews = since === undefined && (isOver(pod) || this.#filledBy.get(ordinal) !== uid);
      // What was starting before this manager knew of it has been wanted since its creation, at the latest.
      if (isNews) this.#since.set(ordinal, isOver(pod) ? now : Math.min(now, createdAt));
      return undefined;
    }
    this.#since.delete(ordinal);
    this.#filledBy.set(ordinal, uid);
    return since === undefined || !pod.ready ? undefined : Math.max(0, now - since);
  }
}
