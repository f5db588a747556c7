// Ordinals of a pool that have no pod: since when, by this manager's clock, and why the StatefulSet controller does not make
// one, as far as it says so. A quota, a LimitRange, an admission webhook or a name that is too long refuses pods for ever.

export class MissingPods {
  readonly #since = new Map<number, number>();
  #refusal: { uid: string; message: string } | undefined;

  /** A copy that does not change. */
  copy(): MissingPods {
    const copy = new MissingPods();
    for (const [ordinal, at] of this.#since) copy.#since.set(ordinal, at);
    copy.#refusal = this.#refusal;
    return copy;
  }

  /** Takes in which of `replicas` ordinals have no pod at `now`. Call it once for each evaluation. */
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

  /** What the controller of the StatefulSet `uid` last said; undefined: nothing. */
  observeRefusal(uid: string, message: string | undefined): void {
    this.#refusal = message === undefined || this.#since.size === 0 ? undefined : { uid, message };
  }

  /** The message of the StatefulSet controller, where it has refused pods of the StatefulSet `uid`. */
  refusal(uid: string | undefined): string | undefined {
    return this.#refusal?.uid === uid ? this.#refusal?.message : undefined;
  }
}
