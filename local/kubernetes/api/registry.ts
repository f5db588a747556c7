// What may happen to an object: create, update (PUT, patch, status, scale) and delete, with the rules of a real API
// server for names, versions, UIDs, generations and finalizers. Everybody writes through here: the HTTP API, the
// controllers and the node agent. https://kubernetes.io/docs/reference/using-api/api-concepts/

import { randomBytes, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { withDefaults } from './defaults.ts';
import { copyOf, isMap } from './json.ts';
import { isOver, type KubernetesObject, type Metadata, type Pod, type Stored, timestamp } from './objects.ts';
import { namespaces, pods, type Resource } from './resources.ts';
import {
  ApiError,
  alreadyExists,
  badRequest,
  conflict,
  invalidObject,
  malformedNumber,
  notFound,
  type Problem,
  required,
} from './status.ts';
import type { Store } from './store.ts';
import { changeProblems, problemsOf } from './validation.ts';

export type DeleteOptions = {
  gracePeriodSeconds?: number;
  propagationPolicy?: string;
  preconditions?: { uid?: string; resourceVersion?: string };
};
export type Part = 'all' | 'status';

/** Fills in what the cluster decides when an object is created (`old` absent) or updated; may throw a Status. */
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
    const metadata = given.metadata ?? {};
    if (metadata.resourceVersion) {
      throw new ApiError(500, undefined, 'resourceVersion should not be set on objects to be created');
    }
    this.#checkNamespace(resource, namespace, metadata);
    const name = metadata.name || (metadata.generateName ? `${metadata.generateName}${suffix()}` : '');
    if (name === '') {
      throw invalidObject(resource, '', [required('metadata.name', 'name or generateName is required')]);
    }
    const { deletionTimestamp, deletionGracePeriodSeconds, generation, ...kept } = metadata;
    const fresh: Metadata = {
      ...kept,
      name,
      ...(namespace && { namespace }),
      uid: randomUUID(),
      resourceVersion: '',
      ...(generations.has(resource.kind) && { generation: 1 }),
      creationTimestamp: timestamp(this.#now()),
    };
    const { status, ...rest } = given;
    const started = resource.status
      ? { status: initialStatus[resource.kind] ?? {} }
      : { ...(status !== undefined && { status }) };
    const object = withDefaults(resource.kind, { ...rest, metadata: fresh, ...started } as Stored);
    this.#check(resource, object, problemsOf(resource, object));
    if (this.store.get(resource, namespace, name)) throw alreadyExists(resource, name);
    return this.store.put(resource, this.#admit(resource, object, undefined));
  }

  /**
   * Replaces an object by what `change` makes of a copy of it. `part` says which half of it counts: `status` changes
   * nothing of the spec, `all` nothing of the status. An update that changes nothing writes nothing.
   */
  update(
    resource: Resource,
    namespace: string | undefined,
    name: string,
    part: Part,
    change: (copy: Stored) => KubernetesObject,
  ): Stored {
    const old = this.get(resource, namespace, name);
    const given = change(copyOf(old));
    const metadata = this.#metadata(resource, old, given.metadata ?? {});
    const halves = splitHalves(resource, part, old, given);
    const prepared = { ...halves, kind: old.kind, apiVersion: old.apiVersion, metadata } as Stored;
    const next = this.#admit(resource, withDefaults(resource.kind, prepared), old);
    this.#check(resource, next, [...problemsOf(resource, next), ...changeProblems(resource, next, old)]);
    if (generations.has(resource.kind) && !isDeepStrictEqual(next.spec, old.spec)) {
      next.metadata.generation = (old.metadata.generation ?? 0) + 1;
    }
    if (isDeepStrictEqual(next, old)) return old;
    const over = next.metadata.deletionTimestamp !== undefined && !(next.metadata.finalizers ?? []).length;
    // A pod that still runs is for its node to end.
    const runs = resource === pods && next.metadata.deletionGracePeriodSeconds !== 0;
    if (over && !runs && resource !== namespaces) return this.store.remove(resource, next);
    return this.store.put(resource, next);
  }

  /** What a controller or the node agent knows of an object that is still the same one; undefined when it is gone. */
  updateStatus(resource: Resource, seen: Stored, change: (now: Stored) => Stored): Stored | undefined {
    const { namespace, name, uid } = seen.metadata;
    const now = this.store.get(resource, namespace, name);
    if (now?.metadata.uid !== uid) return undefined;
    const next = change(now);
    return isDeepStrictEqual(next, now) ? now : this.store.put(resource, next);
  }

  /** Removes the object, if it is still the same one, as soon as it has no finalizer any more. */
  finalize(resource: Resource, seen: Stored): void {
    const { namespace, name, uid } = seen.metadata;
    const now = this.store.get(resource, namespace, name);
    if (now?.metadata.uid !== uid) return;
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
    const finalizers = new Set(object.metadata.finalizers);
    if (options.propagationPolicy === 'Orphan') finalizers.add('orphan');
    if (options.propagationPolicy === 'Foreground') finalizers.add('foregroundDeletion');
    const grace = this.#grace(resource, object, options);
    if (grace === 0 && finalizers.size === 0 && resource !== namespaces) {
      const last = { ...object.metadata, ...(resource === pods && this.#deletion(object, 0)) };
      return { gone: true, object: this.store.remove(resource, { ...object, metadata: last }) };
    }
    const { deletionTimestamp, deletionGracePeriodSeconds } = object.metadata;
    const marked = { ...object.metadata, ...(finalizers.size > 0 && { finalizers: [...finalizers] }) };
    if (deletionTimestamp === undefined || grace < (deletionGracePeriodSeconds ?? 0)) {
      Object.assign(marked, this.#deletion(object, grace));
    }
    const status = resource === namespaces ? { status: { phase: 'Terminating' } } : {};
    const next = { ...object, metadata: marked, ...status };
    return { gone: false, object: isDeepStrictEqual(next, object) ? object : this.store.put(resource, next) };
  }

  #deletion({ metadata: { deletionTimestamp, deletionGracePeriodSeconds = 0 } }: Stored, grace: number) {
    const since = deletionTimestamp ? Date.parse(deletionTimestamp) - deletionGracePeriodSeconds * 1_000 : this.#now();
    return { deletionTimestamp: timestamp(since + grace * 1_000), deletionGracePeriodSeconds: grace };
  }

  #grace(resource: Resource, object: Stored, { gracePeriodSeconds }: DeleteOptions): number {
    const spec = object.spec as { nodeName?: string; terminationGracePeriodSeconds?: number } | undefined;
    if (resource !== pods || !spec?.nodeName || isOver(object as Pod)) return 0;
    return Math.max(0, gracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 30);
  }

  #checkNamespace(resource: Resource, namespace: string | undefined, metadata: Partial<Metadata>): void {
    if (!resource.namespaced || namespace === undefined) return;
    if (metadata.namespace && metadata.namespace !== namespace) {
      throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
    }
    const home = this.get(namespaces, undefined, namespace);
    if (home.metadata.deletionTimestamp) {
      const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
      const { plural, group } = resource;
      const named = `${plural}${group && `.${group}`} "${metadata.name ?? ''}"`;
      throw new ApiError(403, 'Forbidden', `${named} is forbidden: ${why}`, { kind: plural });
    }
  }

  // The metadata after an update: what a client may change from `given`, the rest as it was.
  #metadata(resource: Resource, old: Stored, given: Partial<Metadata>): Metadata {
    const { name, namespace } = old.metadata;
    if (given.name !== name) {
      throw badRequest(`the name of the object (${given.name ?? ''}) does not match the name on the URL (${name})`);
    }
    if (given.namespace && given.namespace !== namespace) {
      throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
    }
    const version = given.resourceVersion || '0';
    if (!/^\d+$/.test(version)) throw malformedNumber(version);
    if (version !== '0' && version !== old.metadata.resourceVersion) throw conflict(resource, name);
    if (version === '0' && !resource.unconditionalUpdate) {
      const problem: Problem = {
        field: 'metadata.resourceVersion',
        reason: 'FieldValueInvalid',
        message: 'Invalid value: 0: must be specified for an update',
      };
      throw invalidObject(resource, name, [problem], resource.plural);
    }
    const { labels, annotations, ownerReferences, finalizers } = given;
    const { deletionTimestamp, deletionGracePeriodSeconds, generation, generateName } = old.metadata;
    const next: Record<string, unknown> = {
      name,
      generateName,
      namespace,
      uid: given.uid || old.metadata.uid,
      resourceVersion: old.metadata.resourceVersion,
      generation,
      creationTimestamp: given.creationTimestamp || old.metadata.creationTimestamp,
      deletionTimestamp: given.deletionTimestamp || deletionTimestamp,
      deletionGracePeriodSeconds,
      labels,
      annotations,
      ownerReferences,
      finalizers,
    };
    // In the order of the old one, without what is empty: so that no change is seen where there is none.
    const keys = [...Object.keys(old.metadata), ...Object.keys(next)];
    const kept = [...new Set(keys)].filter((key) => !isEmpty(next[key])).map((key) => [key, next[key]]);
    return Object.fromEntries(kept) as Metadata;
  }

  #check(resource: Resource, object: Stored, problems: Problem[]): void {
    if (problems.length > 0) throw invalidObject(resource, object.metadata.name, problems);
  }
}

const generations = new Set(['StatefulSet', 'Ingress']);
const initialStatus: Record<string, object> = {
  Pod: { phase: 'Pending', qosClass: 'BestEffort' },
  StatefulSet: { replicas: 0 },
  Service: { loadBalancer: {} },
  Ingress: { loadBalancer: {} },
  Namespace: { phase: 'Active' },
};

const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
const suffix = (): string => [...randomBytes(5)].map((byte) => alphabet[byte % alphabet.length]).join('');

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (Array.isArray(value) && value.length === 0) ||
  (isMap(value) && Object.keys(value).length === 0);

// Which fields come from the client, and which stay, when only one half of the object is being written.
function splitHalves(resource: Resource, part: Part, old: Stored, given: KubernetesObject): KubernetesObject {
  if (part === 'status') return { ...old, status: given.status ?? {} };
  const { status, ...rest } = given;
  if (!resource.status) return given;
  return { ...rest, ...(old.status !== undefined && { status: old.status }) };
}

function checkPreconditions(resource: Resource, { metadata }: Stored, { preconditions }: DeleteOptions): void {
  const { uid, resourceVersion } = preconditions ?? {};
  const refuse = (what: string, given: string, is: string, might: string) => {
    const why = `the ${what} in the precondition (${given}) does not match the ${what} in record (${is}). The object might have been ${might}`;
    return conflict({ ...resource, plural: resource.kind }, metadata.name, why);
  };
  if (uid !== undefined && uid !== metadata.uid) throw refuse('UID', uid, metadata.uid, 'deleted and then recreated');
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw refuse('ResourceVersion', resourceVersion, metadata.resourceVersion, 'modified');
  }
}
