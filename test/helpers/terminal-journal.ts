// A record of events in order, with a way to wait for future ones.

export class Journal<T> {
  readonly entries: T[] = [];
  readonly #what: string;
  readonly #waiting = new Map<() => void, NodeJS.Timeout>();

  constructor(what: string) {
    this.#what = what;
  }

  add(entry: T): void {
    this.entries.push(entry);
    for (const look of [...this.#waiting.keys()]) look();
  }

  /** The first entry, past or future, that `wanted` accepts. */
  async next(wanted: (entry: T) => boolean = () => true, withinMs = 60_000): Promise<T> {
    return this.until((entries) => entries.find(wanted), withinMs);
  }

  /** Resolves to the first result of `find`. */
  until<R>(find: (entries: T[]) => R | undefined, withinMs = 60_000): Promise<R> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(this.#waiting.get(look));
        this.#waiting.delete(look);
      };
      const look = () => {
        const found = find(this.entries);
        if (found === undefined) return;
        stop();
        resolve(found);
      };
      const timer = setTimeout(() => {
        stop();
        const seen = JSON.stringify(this.entries).slice(-2_000);
        reject(new Error(`Waited ${withinMs} ms for ${this.#what} that did not come. Seen: ${seen}`));
      }, withinMs);
      this.#waiting.set(look, timer);
      look();
    });
  }

  /** Stops all waits: a wait that no test awaits would keep the process alive. Those promises stay pending. */
  close(): void {
    for (const timer of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
  }
}
