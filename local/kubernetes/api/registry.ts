// Creates, updates and deletes objects, by the rules of a real API server for names, versions, UIDs, generations and finalizers. The
// HTTP API, the controllers and the node agent all write through it.
// https://kubernetes.io/docs/reference/using-api/api-concepts/

import { randomBytes, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { copyOf, isMap } from './json.ts';
import { isOver, type KubernetesObject, type Metadata, type Pod, type Stored, timestamp } from './objects.ts';
import { groupVersion, leases, namespaces, pods, type Resource, resources } from './resources.ts';
import { check } from './schemas.ts';
import { alreadyExists, badRequest, conflict, invalid, notFound } from './status.ts';
import type { Store } from './store.ts';

export type DeleteOptions = {
  gracePeriodSeconds?: number;
  propagationPolicy?: string;
  preconditions?: { uid?: string; resourceVersion?: string };
};

/** Fills in what the cluster decides when an object is created (`old` is absent) or updated. May throw a Status. */
export type Admit = (resource: Resource, next: Stored, old: Stored | undefined) => Stored;

export class Registry {
  readonly store: Store;
  readonly #admit: Admit;
  readonly #now: () => number;

  constructor(store: Store, admit: Admit, now: () => number) {
    this.store = store;
    this.#admit = admit;
    this.#now = now;
  }

  get(resource: Resource, namespace: string | undefined, name: string): Stored {
    const object = this.store.get(resource, namespace, name);
    if (!object) throw notFound(resource, name);
    return object;
  }

  create(resource: Resource, namespace: string | undefined, given: KubernetesObject): Stored {
    const { metadata = {}, status, ...rest } = given;
    const { deletionTimestamp, deletionGracePeriodSeconds, generation, ...kept } = metadata;
    if (resource.namespaced) this.get(namespaces, undefined, namespace ?? '');
    if (metadata.namespace && metadata.namespace !== namespace) throw namespaceDiffers();
    const name = metadata.name || (metadata.generateName ? `${metadata.generateName}${suffix()}` : '');
    if (name === '')
      throw invalid(resource.kind, '', [{ field: 'metadata.name', message: 'name or generateName is required' }]);
    const fresh: Metadata = {
      ...kept,
      name,
      ...(namespace && { namespace }),
      uid: randomUUID(),
      resourceVersion: '',
      ...(generations.has(resource.kind) && { generation: 1 }),
      creationTimestamp: timestamp(this.#now()),
    };
    const started = hasStatus(resource) ? { status: initialStatus[resource.kind] ?? {} } : {};
    const types = { kind: resource.kind, apiVersion: groupVersion(resource) };
    const object: Stored = check(resource.kind, { ...rest, ...types, metadata: fresh, ...started }, name);
    if (this.store.get(resource, namespace, name)) throw alreadyExists(resource, name);
    return this.store.put(resource, this.#admit(resource, object, undefined));
  }

  /**
   * Replaces an object by what `change` makes of a copy of it. `part` says which half counts: `status` changes nothing of the
   * spec, `all` nothing of the status. An update that changes nothing writes nothing.
   */
  update(
    resource: Resource,
    namespace: string | undefined,
    name: string,
    part: 'all' | 'status',
    change: (copy: Stored) => KubernetesObject,
  ): Stored {
    const old = this.get(resource, namespace, name);
    const given = change(copyOf(old));
    const { kind, apiVersion } = old;
    const metadata = mergeMetadata(resource, old, given.metadata ?? {});
    const halves = part === 'status' ? { ...old, status: given.status ?? {} } : { ...given };
    if (part === 'all' && hasStatus(resource)) halves.status = old.status;
    const checked: Stored = check(kind, { ...halves, kind, apiVersion, metadata }, name);
    refuseFixed(checked, old);
    const next = this.#admit(resource, checked, old);
    if (generations.has(kind) && !isDeepStrictEqual(next.spec, old.spec))
      next.metadata.generation = (old.metadata.generation ?? 0) + 1;
    if (isDeepStrictEqual(next, old)) return old;
    const { deletionTimestamp, deletionGracePeriodSeconds, finalizers = [] } = next.metadata;
    // The node ends a pod that still runs.
    const runs = resource === pods && deletionGracePeriodSeconds !== 0;
    if (deletionTimestamp && finalizers.length === 0 && !runs) return this.store.remove(resource, next);
    return this.store.put(resource, next);
  }

  /** Writes what a controller or the node agent knows of `seen`, unchecked; undefined when that object is gone. */
  updateStatus(resource: Resource, seen: Stored, change: (now: Stored) => Stored): Stored | undefined {
    const now = this.#sameObject(resource, seen);
    if (!now) return undefined;
    const next = change(now);
    return isDeepStrictEqual(next, now) ? now : this.store.put(resource, next);
  }

  /** Removes the object once it has no finalizer, if it is still the same one. */
  finalize(resource: Resource, seen: Stored): void {
    const now = this.#sameObject(resource, seen);
    if (!now) return;
    if (!now.metadata.finalizers?.length) this.store.remove(resource, now);
    else this.store.put(resource, { ...now, metadata: { ...now.metadata, deletionGracePeriodSeconds: 0 } });
  }

  /** Deletes at once, or marks the object as being deleted; `gone` says which. */
  delete(
    resource: Resource,
    namespace: string | undefined,
    name: string,
    options: DeleteOptions = {},
  ): { gone: boolean; object: Stored } {
    const object = this.get(resource, namespace, name);
    checkPreconditions(resource, object, options);
    if (options.propagationPolicy === 'Orphan') this.#orphanDependents(object);
    const grace = graceOf(resource, object, options);
    if (grace === 0 && !object.metadata.finalizers?.length) {
      const last = { ...object.metadata, ...(resource === pods && this.#deletion(object, 0)) };
      return { gone: true, object: this.store.remove(resource, { ...object, metadata: last }) };
    }
    const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = object.metadata;
    if (deletionTimestamp !== undefined && grace >= deletionGracePeriodSeconds) return { gone: false, object };
    const metadata = { ...object.metadata, ...this.#deletion(object, grace) };
    return { gone: false, object: this.store.put(resource, { ...object, metadata }) };
  }

  #sameObject(resource: Resource, { metadata: { namespace, name, uid } }: Stored): Stored | undefined {
    const now = this.store.get(resource, namespace, name);
    return now?.metadata.uid === uid ? now : undefined;
  }

  #deletion({ metadata: { deletionTimestamp, deletionGracePeriodSeconds = 0 } }: Stored, grace: number) {
    const since = deletionTimestamp ? Date.parse(deletionTimestamp) - deletionGracePeriodSeconds * 1_000 : this.#now();
    return { deletionTimestamp: timestamp(since + grace * 1_000), deletionGracePeriodSeconds: grace };
  }

  #orphanDependents({ metadata: { namespace, uid: owner } }: Stored): void {
    for (const resource of resources) {
      for (const { metadata } of [...this.store.each(resource, namespace)]) {
        if (!metadata.ownerReferences?.some(({ uid }) => uid === owner)) continue;
        this.update(resource, namespace, metadata.name, 'all', (copy) => {
          const ownerReferences = copy.metadata.ownerReferences?.filter(({ uid }) => uid !== owner) ?? [];
          return { ...copy, metadata: { ...copy.metadata, ownerReferences } };
        });
      }
    }
  }
}

const generations = new Set(['StatefulSet', 'Ingress']);
const hasStatus = ({ subresources }: Resource) => subresources.includes('status');
const initialStatus: Record<string, object> = {
  Pod: { phase: 'Pending', qosClass: 'BestEffort' },
  StatefulSet: { replicas: 0 },
  Service: { loadBalancer: {} },
  Ingress: { loadBalancer: {} },
  Namespace: { phase: 'Active' },
};

const suffix = (): string => randomBytes(4).toString('hex').slice(0, 5);
const namespaceDiffers = () => badRequest('the namespace of the object does not match the namespace of the request');
const modified = 'the object has been modified; please apply your changes to the latest version and try again';

/** The metadata after an update: from `given` what a client may change, the rest from `old`. */
function mergeMetadata(resource: Resource, old: Stored, given: Partial<Metadata>): Metadata {
  const { name, namespace, uid, resourceVersion } = old.metadata;
  if (given.name !== name) throw badRequest(`the name of the object (${given.name}) does not match the URL (${name})`);
  if (given.namespace && given.namespace !== namespace) throw namespaceDiffers();
  if (given.uid && given.uid !== uid)
    throw invalid(resource.kind, name, [{ field: 'metadata.uid', message: 'field is immutable' }]);
  const version = given.resourceVersion || undefined;
  if (version !== undefined && version !== resourceVersion) throw conflict(resource, name, modified);
  // A Lease is a lock: only the client that has seen its last state may change it.
  if (version === undefined && resource === leases)
    throw invalid(resource.kind, name, [
      { field: 'metadata.resourceVersion', message: 'must be specified for an update' },
    ]);
  const { labels, annotations, ownerReferences, finalizers } = given;
  const changed = { labels, annotations, ownerReferences, finalizers };
  const merged = Object.entries({ ...old.metadata, ...changed });
  return Object.fromEntries(merged.filter(([, value]) => !isEmpty(value))) as Metadata;
}

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (Array.isArray(value) && value.length === 0) ||
  (isMap(value) && Object.keys(value).length === 0);

/** The fields of a spec that an update may change; a kind that is not listed may change all. */
const changeable: Record<string, string[]> = { Pod: [], StatefulSet: ['replicas', 'template', 'updateStrategy'] };

function refuseFixed(next: Stored, old: Stored): void {
  const fields = changeable[next.kind];
  if (!fields) return;
  const fixed = (spec: unknown) => Object.entries(spec as object).filter(([key]) => !fields.includes(key));
  if (isDeepStrictEqual(Object.fromEntries(fixed(next.spec)), Object.fromEntries(fixed(old.spec)))) return;
  const message = `an update may change only ${fields.join(', ') || 'metadata'}`;
  throw invalid(next.kind, next.metadata.name, [{ field: 'spec', message }]);
}

function graceOf(resource: Resource, object: Stored, { gracePeriodSeconds }: DeleteOptions): number {
  if (resource !== pods || isOver(object as Pod)) return 0;
  const { nodeName, terminationGracePeriodSeconds } = (object as Pod).spec;
  return nodeName ? Math.max(0, gracePeriodSeconds ?? terminationGracePeriodSeconds) : 0;
}

function checkPreconditions(resource: Resource, { metadata }: Stored, { preconditions = {} }: DeleteOptions): void {
  for (const field of ['uid', 'resourceVersion'] as const) {
    const [wanted, is] = [preconditions[field], metadata[field]];
    if (wanted === undefined || wanted === is) continue;
    throw conflict(resource, metadata.name, `the ${field} in the precondition (${wanted}) is not the object's (${is})`);
  }
}
