// Ordinals of a pool without a pod: since when, by this manager's clock, and the reason, if the StatefulSet controller reports one.
// A quota, a LimitRange, an admission webhook or a name that is too long can prevent a pod permanently.

export class MissingPods {
  readonly #since = new Map<number, number>();
  #refusal: { uid: string; message: string } | undefined;

  /** An independent copy. */
  copy(): MissingPods {
    const copy = new MissingPods();
    for (const [ordinal, at] of this.#since) copy.#since.set(ordinal, at);
    copy.#refusal = this.#refusal;
    return copy;
  }

  /** Records which of the `replicas` ordinals have no pod at `now`. Call it once for each evaluation. */
  update(replicas: number, exists: (ordinal: number) => boolean, now: number): void {
    for (const ordinal of this.#since.keys()) if (ordinal >= replicas || exists(ordinal)) this.#since.delete(ordinal);
    for (let ordinal = 0; ordinal < replicas; ordinal++) {
      if (!exists(ordinal) && !this.#since.has(ordinal)) this.#since.set(ordinal, now);
    }
    if (this.#since.size === 0) this.#refusal = undefined;
  }

  /** Whether the ordinal has been without a pod for `ms`. */
  isMissing(ordinal: number, now: number, ms: number): boolean {
    return now - (this.#since.get(ordinal) ?? Number.POSITIVE_INFINITY) >= ms;
  }

  /** The ordinals that have been without a pod for `ms`, lowest first. */
  missing(now: number, ms: number): number[] {
    return [...this.#since.keys()].filter((ordinal) => this.isMissing(ordinal, now, ms)).sort((a, b) => a - b);
  }

  /** The last error of the controller of the StatefulSet `uid`; undefined if there is none. */
  observeRefusal(uid: string, message: string | undefined): void {
    this.#refusal = message === undefined || this.#since.size === 0 ? undefined : { uid, message };
  }

  /** Why the StatefulSet controller cannot create pods of the StatefulSet `uid`, in its words. */
  refusal(uid: string | undefined): string | undefined {
    return this.#refusal?.uid === uid ? this.#refusal?.message : undefined;
  }
}
