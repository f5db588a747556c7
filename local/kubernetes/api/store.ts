// All objects, and their latest changes: one counter of revisions for everything, as etcd has, and for each resource a bounded history
// from which a watch can resume.

import type { Stored } from './objects.ts';
import { type Resource, resources } from './resources.ts';

export type Change = {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  revision: number;
  object: Stored;
  /** What it replaced; absent when it is new. */
  previous?: Stored;
};
export type Listener = (change: Change) => void;

type Collection = {
  objects: Map<string, Stored>;
  history: Change[];
  /** Revision of the last change that was dropped from the history. */
  forgotten: number;
  listeners: Set<Listener>;
};

const keyOf = (namespace: string | undefined, name: string): string => `${namespace ?? ''}/${name}`;

// Above 1, so that some version is too old to watch from, as in a real cluster.
const firstRevision = 100;

export class Store {
  #revision = firstRevision;
  readonly #collections = new Map<Resource, Collection>();
  readonly #historySize: number;

  /** Keeps at least the last `historySize` changes of every resource. */
  constructor(historySize = 10_000) {
    this.#historySize = historySize;
    for (const resource of resources) {
      const collection = { objects: new Map(), history: [], forgotten: firstRevision, listeners: new Set<Listener>() };
      this.#collections.set(resource, collection);
    }
  }

  /** The revision of the last write of all. */
  get revision(): number {
    return this.#revision;
  }

  get(resource: Resource, namespace: string | undefined, name: string): Stored | undefined {
    return this.#of(resource).objects.get(keyOf(namespace, name));
  }

  /** In the order of creation, of one namespace or of all. */
  *each(resource: Resource, namespace?: string): Generator<Stored> {
    for (const object of this.#of(resource).objects.values()) {
      if (namespace === undefined || object.metadata.namespace === namespace) yield object;
    }
  }

  /** Writes an object and calls the listeners. Returns it with its resourceVersion. */
  put(resource: Resource, object: Stored): Stored {
    const { objects } = this.#of(resource);
    const key = keyOf(object.metadata.namespace, object.metadata.name);
    const previous = objects.get(key);
    const written = this.#stamp(object);
    objects.set(key, written);
    this.#record(resource, {
      ...this.#change(previous ? 'MODIFIED' : 'ADDED', written),
      ...(previous && { previous }),
    });
    return written;
  }

  /** Removes an object. Watches see its state as `last`. */
  remove(resource: Resource, last: Stored): Stored {
    const { objects } = this.#of(resource);
    const key = keyOf(last.metadata.namespace, last.metadata.name);
    const previous = objects.get(key);
    const written = this.#stamp(last);
    objects.delete(key);
    this.#record(resource, { ...this.#change('DELETED', written), ...(previous && { previous }) });
    return written;
  }

  /** The changes after `revision`, oldest first; undefined when the history does not go back so far. */
  since(resource: Resource, revision: number): Change[] | undefined {
    const { history, forgotten } = this.#of(resource);
    if (revision < forgotten) return undefined;
    let low = 0;
    for (let high = history.length; low < high; ) {
      const middle = (low + high) >> 1;
      if (history[middle]!.revision > revision) high = middle;
      else low = middle + 1;
    }
    return history.slice(low);
  }

  /** Calls `listener` with every later change, before the write returns. Returns how to stop. */
  subscribe(resource: Resource, listener: Listener): () => void {
    const { listeners } = this.#of(resource);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  #of(resource: Resource): Collection {
    return this.#collections.get(resource)!;
  }

  // `kind` and `apiVersion` first: a list leaves them out of its items by cutting them off the serialised object.
  #stamp({ kind, apiVersion, metadata, ...rest }: Stored): Stored {
    this.#revision += 1;
    return { kind, apiVersion, metadata: { ...metadata, resourceVersion: String(this.#revision) }, ...rest };
  }

  #change(type: Change['type'], object: Stored): Change {
    return { type, revision: this.#revision, object };
  }

  #record(resource: Resource, change: Change): void {
    const collection = this.#of(resource);
    collection.history.push(change);
    if (collection.history.length > 2 * this.#historySize) {
      const dropped = collection.history.splice(0, collection.history.length - this.#historySize);
      collection.forgotten = dropped.at(-1)!.revision;
    }
    for (const listener of collection.listeners) listener(change);
  }
}
