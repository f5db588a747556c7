// One request → one answer: finds out what is asked for, and asks the registry.

import type { Tokens } from '../tokens.ts';
import { type Form, formOf } from './accept.ts';
import { type NodePorts, withNodePorts } from './admission.ts';
import { checkTypes, decode } from './decode.ts';
import { discovery } from './discovery.ts';
import { checkFields } from './fields.ts';
import { isMap, jsonOf } from './json.ts';
import { createLister, matcher, numberOf, versionOf } from './list.ts';
import type { KubernetesObject, Pod, Stored } from './objects.ts';
import { openApi } from './openapi.ts';
import { readPatch } from './patch.ts';
import { parsePath, type Target } from './paths.ts';
import type { DeleteOptions, Registry } from './registry.ts';
import { groupVersion, pods, type Resource } from './resources.ts';
import { applyScale, scaleOf, scaleType } from './scale.ts';
import {
  ApiError,
  badRequest,
  conflict,
  forbidden,
  invalidObject,
  methodNotAllowed,
  notOffered,
  unsupportedBody,
  unsupportedPatch,
} from './status.ts';
import { type IncludeObject, listJson, partialJson, tableJson } from './table.ts';
import { type Sink, startWatch } from './watch.ts';

export type Request = {
  method: string;
  path: string;
  query: URLSearchParams;
  accept: string | undefined;
  contentType: string;
  body: string;
  /** Adds a warning to the answer. */
  warn: (text: string) => void;
};
export type Answer =
  | { status: number; body: string | Buffer; type?: string }
  /** A body that goes on: `start` is called with where to write, and returns how to stop. */
  | { start: (sink: Sink) => () => void; type?: string };

export type ReadLog = (pod: Pod, query: URLSearchParams) => Promise<Answer>;

export type Routes = { registry: Registry; tokens: Tokens; nodePorts: NodePorts; readLog: ReadLog; now: () => number };

const reviewType = { kind: 'TokenReview', group: 'authentication.k8s.io', version: 'v1' };
const reviewPath = '/apis/authentication.k8s.io/v1/tokenreviews';

export function createRoutes({ registry, tokens, nodePorts, readLog, now }: Routes) {
  const { store } = registry;
  const list = createLister(store);

  return async function answer(request: Request): Promise<Answer> {
    const { method, path, query } = request;
    if (method !== 'GET' && query.get('dryRun')) throw badRequest('dryRun is not supported by this server');
    if (path === reviewPath) return method === 'POST' ? review(request) : refuse();
    const target = parsePath(path);
    if (!target) return document(request);
    const { resource, name, subresource, namespace } = target;
    if (subresource === 'log') return method === 'GET' ? log(target, query) : refuse();
    if (subresource === 'scale') return scale(request, target);
    if (method === 'GET') return name === undefined ? collection(request, target) : show(request, target, find(target));
    if (method === 'POST' && name === undefined && (namespace !== undefined || !resource.namespaced)) {
      return create(request, target);
    }
    if (method === 'DELETE' && subresource === undefined) return remove(request, target);
    if ((method === 'PUT' || method === 'PATCH') && name !== undefined) return update(request, target, name);
    throw methodNotAllowed();
  };

  function refuse(): never {
    throw methodNotAllowed();
  }

  function document({ method, path, accept }: Request): Answer {
    const found = discovery(path) ?? openApi(path, accept);
    if (['/healthz', '/livez', '/readyz'].includes(path)) return { status: 200, body: 'ok', type: 'text/plain' };
    if (!found) throw notOffered(path);
    if (method !== 'GET') throw methodNotAllowed();
    if (Buffer.isBuffer(found)) return { status: 200, body: found, type: 'application/octet-stream' };
    return { status: 200, body: JSON.stringify(found) };
  }

  function find({ resource, namespace, name = '' }: Target): Stored {
    return registry.get(resource, namespace, name);
  }

  function show({ accept, query }: Request, { resource }: Target, object: Stored, status = 200): Answer {
    return { status, body: renderer(resource, formOf(accept), query)(object) };
  }

  function renderer(resource: Resource, form: Form, query: URLSearchParams, columns: () => boolean = () => true) {
    if (form === 'json') return jsonOf;
    if (form === 'partial') return partialJson;
    const include = includeOf(query);
    return (object: Stored) => {
      const metadata = { resourceVersion: object.metadata.resourceVersion };
      return tableJson(resource, [object], { metadata, include, now: now(), columns: columns() });
    };
  }

  function collection(request: Request, { resource, namespace }: Target): Answer {
    const { query, accept } = request;
    const form = formOf(accept);
    const match = matcher(resource, namespace, query);
    if (isTrue(query.get('watch'))) return watch(request, resource, match);
    const { items, revision, continue: token, remaining } = list(resource, match, namespace, query);
    const metadata = {
      resourceVersion: String(revision),
      ...(token !== undefined && { continue: token }),
      ...(remaining !== undefined && { remainingItemCount: remaining }),
    };
    if (form === 'table') {
      return { status: 200, body: tableJson(resource, items, { metadata, include: includeOf(query), now: now() }) };
    }
    if (form === 'json') return { status: 200, body: listJson(resource.kind, groupVersion(resource), metadata, items) };
    const head = { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata };
    return { status: 200, body: `${JSON.stringify(head).slice(0, -1)},"items":[${items.map(partialJson)}]}` };
  }

  function watch({ query, accept }: Request, resource: Resource, match: (object: Stored) => boolean): Answer {
    if (isTrue(query.get('sendInitialEvents'))) {
      const why = 'sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled';
      const options = { ...pods, group: 'meta.k8s.io', kind: 'ListOptions' };
      throw invalidObject(options, '', [forbidden('sendInitialEvents', why)]);
    }
    const from = versionOf(query);
    const seconds = numberOf(query, 'timeoutSeconds');
    const timeoutMs = (seconds > 0 ? seconds : 1_800 + Math.random() * 1_800) * 1_000;
    const bookmarks = isTrue(query.get('allowWatchBookmarks'));
    let first = true;
    const columns = () => {
      const was = first;
      first = false;
      return was;
    };
    const render = renderer(resource, formOf(accept), query, columns);
    return { start: (sink) => startWatch(store, { resource, match, from, bookmarks, timeoutMs, render }, sink) };
  }

  async function create(request: Request, { resource, namespace }: Target): Promise<Answer> {
    const given = read(request, resource);
    const made = await withNodePorts(nodePorts, () => registry.create(resource, namespace, given));
    return show(request, { resource }, made, 201);
  }

  async function update(request: Request, target: Target, name: string): Promise<Answer> {
    const { resource, namespace, subresource } = target;
    if (request.method === 'PUT' && resource.createOnUpdate && !store.get(resource, namespace, name)) {
      const { metadata, ...given } = read(request, resource);
      const fresh = { ...given, metadata: { ...metadata, resourceVersion: '' } };
      return show(request, { resource }, registry.create(resource, namespace, fresh), 201);
    }
    const change = changeOf(request, resource, jsonOf, (copy, given) => {
      const { uid } = given.metadata ?? {};
      if (request.method === 'PUT' && uid && uid !== copy.metadata.uid) {
        const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${copy.metadata.uid}`;
        throw conflict(resource, name, why);
      }
      return given;
    });
    const part = subresource === 'status' ? 'status' : 'all';
    const write = () => registry.update(resource, namespace, name, part, change);
    return show(request, target, await withNodePorts(nodePorts, write));
  }

  /** The change that a PUT or PATCH asks for, of the view of an object that `type` names. */
  function changeOf(
    request: Request,
    type: Pick<Resource, 'kind' | 'group' | 'version'>,
    view: (object: Stored) => string,
    apply: (copy: Stored, given: KubernetesObject) => KubernetesObject,
  ): (copy: Stored) => KubernetesObject {
    if (request.method === 'PUT') {
      const given = read(request, type);
      return (copy) => apply(copy, given);
    }
    const patch = readPatch(request.contentType, request.body);
    if (!patch) throw unsupportedPatch();
    return (copy) => {
      const patched = patch(JSON.parse(view(copy)));
      const refuse = (why: string) => new ApiError(422, 'Invalid', ` "" is invalid: patch: Invalid value: ${why}`, {});
      if (!isMap(patched)) throw refuse('not an object');
      checkFields(type.kind, patched, request);
      return apply(copy, checkTypes(type, patched, refuse));
    };
  }

  async function scale(request: Request, { resource, namespace, name = '' }: Target): Promise<Answer> {
    const answer = (object: Stored): Answer => ({ status: 200, body: JSON.stringify(scaleOf(object)) });
    if (request.method === 'GET') return answer(registry.get(resource, namespace, name));
    if (request.method !== 'PUT' && request.method !== 'PATCH') throw methodNotAllowed();
    const change = changeOf(request, scaleType, (object) => JSON.stringify(scaleOf(object)), applyScale);
    return answer(registry.update(resource, namespace, name, 'all', change));
  }

  function remove({ query, body, contentType }: Request, { resource, namespace, name }: Target): Answer {
    const options = deleteOptions(query, body, contentType);
    if (name === undefined) {
      if (namespace === undefined && resource.namespaced) throw methodNotAllowed();
      const { items, revision } = list(resource, matcher(resource, namespace, query), namespace, query);
      for (const { metadata } of items) registry.delete(resource, namespace, metadata.name, options);
      const metadata = { resourceVersion: String(revision) };
      return { status: 200, body: listJson(resource.kind, groupVersion(resource), metadata, items) };
    }
    const { gone, object } = registry.delete(resource, namespace, name, options);
    if (!gone || resource === pods) return { status: 200, body: jsonOf(object) };
    const { group, plural: kind } = resource;
    const details = { name, ...(group && { group }), kind, uid: object.metadata.uid };
    const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
    return { status: 200, body: JSON.stringify(status) };
  }

  function log({ namespace, name = '' }: Target, query: URLSearchParams): Promise<Answer> {
    return readLog(registry.get(pods, namespace, name) as Pod, query);
  }

  function review(request: Request): Answer {
    const given = read(request, reviewType);
    const spec = (given.spec ?? {}) as { token?: string; audiences?: string[] };
    if (!spec.token) throw badRequest('token is required for TokenReview in authentication');
    const status = tokens.review(spec.token, spec.audiences);
    const metadata = { creationTimestamp: null };
    return {
      status: 201,
      body: JSON.stringify({ kind: 'TokenReview', apiVersion: given.apiVersion, metadata, spec, status }),
    };
  }
}

const isTrue = (text: string | null): boolean => text === 'true' || text === '1';

function includeOf(query: URLSearchParams): IncludeObject {
  const include = query.get('includeObject') || 'Metadata';
  if (include === 'None' || include === 'Metadata' || include === 'Object') return include;
  throw badRequest(`unrecognized includeObject value: ${JSON.stringify(include)}`);
}

function read(request: Request, type: Pick<Resource, 'kind' | 'group' | 'version'>): KubernetesObject {
  const { contentType, body } = request;
  if (contentType !== '' && contentType !== 'application/json') throw unsupportedBody();
  const given = decode(type, body);
  checkFields(type.kind, given, request);
  return given;
}

function deleteOptions(query: URLSearchParams, body: string, contentType: string): DeleteOptions {
  const grace = query.get('gracePeriodSeconds');
  const policy = query.get('propagationPolicy');
  const given: DeleteOptions = {
    ...(grace && { gracePeriodSeconds: numberOf(query, 'gracePeriodSeconds') }),
    ...(policy && { propagationPolicy: policy }),
  };
  if (body === '') return given;
  if (contentType !== '' && contentType !== 'application/json') throw unsupportedBody();
  let options: unknown;
  try {
    options = JSON.parse(body);
  } catch (error) {
    throw new ApiError(500, undefined, `couldn't get version/kind; json parse error: ${error}`);
  }
  if (!isMap(options)) throw badRequest('expected DeleteOptions');
  const { gracePeriodSeconds: seconds, propagationPolicy, preconditions, dryRun } = options;
  if (dryRun) throw badRequest('dryRun is not supported by this server');
  if (seconds !== undefined && seconds !== null && !Number.isSafeInteger(seconds)) {
    throw badRequest('gracePeriodSeconds must be a whole number');
  }
  return {
    ...(typeof seconds === 'number' && { gracePeriodSeconds: seconds }),
    ...(typeof propagationPolicy === 'string' && { propagationPolicy }),
    ...(isMap(preconditions) && { preconditions }),
  };
}
