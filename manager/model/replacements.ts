// Whether the replacement of pods of an old revision works. With a partition, or if another controller creates the pods, the new pods have
// the old revision again, and would be replaced endlessly. Pure; reads no clock.

/** Stop after this number of pods. Fewer may be chance: a template can change while a pod is being created. */
const enough = 3;

export class Replacements {
  #goal: string | undefined;
  /** Ordinals whose last pod had a former revision and was deleted. */
  readonly #gone = new Set<number>();
  #vain = 0;

  /** Whether to stop replacing pods, until the goal changes. */
  get inVain(): boolean {
    return this.#vain >= enough;
  }

  /** Sets the goal of the replacement: the StatefulSet, its revision and its strategy. A new goal resets the count. */
  follow(goal: string): void {
    if (goal === this.#goal) return;
    this.#goal = goal;
    this.#gone.clear();
    this.#vain = 0;
  }

  gone(ordinal: number, isFormer: boolean): void {
    if (isFormer) this.#gone.add(ordinal);
  }

  came(ordinal: number, isFormer: boolean): void {
    if (this.#gone.delete(ordinal) && isFormer) this.#vain++;
  }
}
