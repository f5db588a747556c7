// The newest version of each object that one list-and-watch has delivered, so that older ones can be dropped. Pure.
//
// An API server delivers events in order. A proxy in front of it, or a replica that lags behind, may not. Versions are compared as
// numbers: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions

// A cluster restored from a backup serves older versions than before. Accept its list after this number of refusals.
const maxRefusals = 8;

export class SeenVersions {
  /** The newest version of each object, including objects that were deleted since the last list. */
  #versions = new Map<string, { version: number; gone: boolean }>();
  #listed = Number.NEGATIVE_INFINITY;
  #newest = Number.NEGATIVE_INFINITY;
  #refused = 0;

  /** Whether an event about `name` is newer than what was delivered before. */
  accept(name: string, version: number, gone: boolean): boolean {
    const former = this.#versions.get(name)?.version ?? this.#listed;
    if (version <= former) return false;
    this.#versions.set(name, { version, gone });
    this.#newest = Math.max(this.#newest, version);
    return true;
  }

  /** Records a whole list. Returns the names that are no longer in it; undefined if the list is older than what was delivered. */
  replace(versions: ReadonlyMap<string, number>, version: number): string[] | undefined {
    if (version < this.#newest && this.#refused < maxRefusals) {
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
