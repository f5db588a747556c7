// Whether replacing pods of a former revision helps. A StatefulSet with a partition, or one whose pods something else makes,
// brings them back as they were: without a limit they would be replaced for ever. Pure; knows no clock.

/** So many pods that came back as they were are not by chance: a template may change while a pod is being made. */
const enough = 3;

export class Replacements {
  #goal: string | undefined;
  /** Ordinals whose last pod was of a former revision, and is gone. */
  readonly #gone = new Set<number>();
  #vain = 0;

  /** Whether no pod should be replaced any more, until the goal changes. */
  get inVain(): boolean {
    return this.#vain >= enough;
  }

  /** What pods are replaced for: the StatefulSet, its revision and its strategy. With another goal it begins anew. */
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
