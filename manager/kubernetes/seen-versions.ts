// What one list-and-watch has told so far, by version, so that news can be told from what is old. Pure.
//
// An API server keeps to an order; what stands in front of it, or a replica of it that lags, need not. Versions are compared as
// numbers: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions

// Of a cluster that was put back from a backup every list is old; whoever goes on asking for a newer one hears nothing.
const refuseAtMost = 8;

export class Told {
  /** The version of each object when it was last told of; of those that are gone too, since the last list. */
  #versions = new Map<string, { version: number; gone: boolean }>();
  #listed = Number.NEGATIVE_INFINITY;
  #newest = Number.NEGATIVE_INFINITY;
  #refused = 0;

  /** Whether an event about `name` is news. */
  event(name: string, version: number, gone: boolean): boolean {
    const former = this.#versions.get(name)?.version ?? this.#listed;
    if (version <= former) return false;
    this.#versions.set(name, { version, gone });
    this.#newest = Math.max(this.#newest, version);
    return true;
  }

  /** Takes in a whole list; returns the names that it tells to be gone, or undefined when it is older than what was told. */
  list(versions: ReadonlyMap<string, number>, version: number): string[] | undefined {
    if (version < this.#newest && this.#refused < refuseAtMost) {
      this.#refused++;
      return undefined;
    }
    const gone = [...this.#versions].filter(([name, { gone }]) => !gone && !versions.has(name)).map(([name]) => name);
    this.#versions = new Map([...versions].map(([name, version]) => [name, { version, gone: false }]));
    this.#listed = version;
    this.#newest = version;
    this.#refused = 0;
    return gone;
  }
}
