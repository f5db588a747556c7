// From one request to one answer.

import type { Tokens } from '../tokens.ts';
import { type NodePorts, withNodePorts } from './addresses.ts';
import { discovery } from './discovery.ts';
import { isMap, jsonOf, parseJson, withoutNulls } from './json.ts';
import type { KubernetesObject, Pod, StatefulSet, Stored } from './objects.ts';
import { readPatch } from './patch.ts';
import type { DeleteOptions, Registry } from './registry.ts';
import { groupVersion, namespaces, parsePath, pods, type Resource, type Target } from './resources.ts';
import { check } from './schemas.ts';
import { type Match, matcher, numberOf } from './selectors.ts';
import { badRequest, invalid, methodNotAllowed, notOffered, unsupported } from './status.ts';
import { listJson, tableJson, wantsTable } from './table.ts';
import { type Sink, startWatch } from './watch.ts';

export type Request = {
  method: string;
  path: string;
  query: URLSearchParams;
  accept: string | undefined;
  contentType: string;
  body: string;
};
export type Answer =
  | { status: number; body: string; type?: string }
  /** A body that goes on: `start` is called with where to write, and returns how to stop. */
  | { start: (sink: Sink) => () => void; type?: string };

export type ReadLog = (pod: Pod, query: URLSearchParams) => Answer;

export type Routes = { registry: Registry; tokens: Tokens; nodePorts: NodePorts; readLog: ReadLog; now: () => number };

const reviewPath = '/apis/authentication.k8s.io/v1/tokenreviews';

export function createRoutes({ registry, tokens, nodePorts, readLog, now }: Routes) {
  const { store } = registry;

  return async function answer(request: Request): Promise<Answer> {
    const { method, path, query } = request;
    if (query.get('dryRun')) throw badRequest('the stand-in cluster does not support dryRun');
    if (path === reviewPath && method === 'POST') return review(request);
    const target = parsePath(path);
    if (!target) return document(request);
    const { resource, name, subresource, namespace } = target;
    if (method === 'GET' && subresource === 'log')
      return readLog(registry.get(pods, namespace, name ?? '') as Pod, query);
    if (method === 'GET' && name === undefined) return collection(request, target);
    if (method === 'GET') return show(request, target, registry.get(resource, namespace, name!));
    if (method === 'POST' && name === undefined && (namespace || !resource.namespaced)) return create(request, target);
    if ((method === 'PUT' || method === 'PATCH') && name !== undefined) return update(request, target, name);
    if (method === 'DELETE' && !subresource && resource !== namespaces) return remove(request, target);
    throw methodNotAllowed();
  };

  function document({ method, path }: Request): Answer {
    if (['/healthz', '/livez', '/readyz'].includes(path)) return { status: 200, body: 'ok', type: 'text/plain' };
    const found = discovery(path);
    if (path === reviewPath || (found && method !== 'GET')) throw methodNotAllowed();
    if (!found) throw notOffered(path);
    return { status: 200, body: JSON.stringify(found) };
  }

  function show(request: Request, { resource, subresource }: Target, object: Stored, status = 200): Answer {
    if (subresource === 'scale') return { status, body: JSON.stringify(scaleOf(object)) };
    return { status, body: renderer(resource, request)(object) };
  }

  /** How objects are written one by one; a Table has its columns in the first only. */
  function renderer(resource: Resource, { accept, query }: Request): (object: Stored) => string {
    if (!wantsTable(accept)) return jsonOf;
    let columns = true;
    return (object) => {
      const { resourceVersion } = object.metadata;
      const json = tableJson(resource, [object], { metadata: { resourceVersion }, query, now: now(), columns });
      columns = false;
      return json;
    };
  }

  function collection(request: Request, { resource, namespace }: Target): Answer {
    const { query, accept } = request;
    const match = matcher(resource, namespace, query);
    if (isTrue(query.get('watch'))) return watch(request, resource, match);
    // In one page always: an API server may ignore the limit.
    const items = [...store.each(resource, namespace)].filter(match).sort(byKey);
    const metadata = { resourceVersion: String(store.revision) };
    if (wantsTable(accept)) return { status: 200, body: tableJson(resource, items, { metadata, query, now: now() }) };
    return { status: 200, body: listJson(resource.kind, groupVersion(resource), metadata, items) };
  }

  function watch(request: Request, resource: Resource, match: Match): Answer {
    const { query } = request;
    // A client that gets this answer lists first. A client that gets none waits for ever.
    if (query.has('sendInitialEvents'))
      throw invalid('ListOptions', '', [{ field: 'sendInitialEvents', message: 'is not supported' }]);
    const from = numberOf(query, 'resourceVersion') ?? 0;
    const timeoutMs = (numberOf(query, 'timeoutSeconds') ?? 1_800) * 1_000;
    const bookmarks = isTrue(query.get('allowWatchBookmarks'));
    const render = renderer(resource, request);
    return { start: (sink) => startWatch(store, { resource, match, from, bookmarks, timeoutMs, render }, sink) };
  }

  async function create(request: Request, target: Target): Promise<Answer> {
    const { resource, namespace } = target;
    const given = read(request, resource.kind, groupVersion(resource));
    const made = await withNodePorts(nodePorts, () => registry.create(resource, namespace, given));
    return show(request, target, made, 201);
  }

  async function update(request: Request, target: Target, name: string): Promise<Answer> {
    const { resource, namespace, subresource } = target;
    const isScale = subresource === 'scale';
    const [kind, version] = isScale ? ['Scale', 'autoscaling/v1'] : [resource.kind, groupVersion(resource)];
    const given = request.method === 'PUT' ? read(request, kind, version) : undefined;
    const patch = given ? undefined : readPatch(request.contentType, request.body);
    const change = (copy: Stored): KubernetesObject => {
      const view = isScale ? scaleOf(copy) : copy;
      const next = given ?? checkTypes(patch!(view), kind, version);
      return isScale ? applyScale(copy as StatefulSet, next) : next;
    };
    const part = subresource === 'status' ? 'status' : 'all';
    const write = () => registry.update(resource, namespace, name, part, change);
    return show(request, target, await withNodePorts(nodePorts, write));
  }

  function remove({ query, body, contentType }: Request, { resource, namespace, name }: Target): Answer {
    const options = deleteOptions(query, body, contentType);
    if (name === undefined) {
      if (namespace === undefined && resource.namespaced) throw methodNotAllowed();
      const items = [...store.each(resource, namespace)].filter(matcher(resource, namespace, query));
      for (const { metadata } of items) registry.delete(resource, namespace, metadata.name, options);
      const metadata = { resourceVersion: String(store.revision) };
      return { status: 200, body: listJson(resource.kind, groupVersion(resource), metadata, items) };
    }
    const { gone, object } = registry.delete(resource, namespace, name, options);
    if (!gone || resource === pods) return { status: 200, body: jsonOf(object) };
    const { group, plural: kind } = resource;
    const details = { name, ...(group && { group }), kind, uid: object.metadata.uid };
    const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
    return { status: 200, body: JSON.stringify(status) };
  }

  function review(request: Request): Answer {
    const given = read(request, 'TokenReview', 'authentication.k8s.io/v1');
    const { spec } = check('TokenReview', given) as { spec: { token: string; audiences?: string[] } };
    const status = tokens.review(spec.token, spec.audiences);
    const review = { kind: 'TokenReview', apiVersion: 'authentication.k8s.io/v1', metadata: {}, spec, status };
    return { status: 201, body: JSON.stringify(review) };
  }
}

const isTrue = (text: string | null): boolean => text === 'true' || text === '1';
const keyOf = ({ metadata: { namespace = '', name } }: Stored) => `${namespace}/${name}`;
const byKey = (a: Stored, b: Stored) => (keyOf(a) < keyOf(b) ? -1 : 1);

function read({ contentType, body }: Request, kind: string, version: string): KubernetesObject {
  if (contentType !== '' && contentType !== 'application/json')
    throw unsupported(`the stand-in cluster reads JSON, and no ${contentType}; use kubectl create -f FILE`);
  const given = parseJson(body);
  if (!isMap(given)) throw badRequest('the body must be an object');
  return checkTypes(withoutNulls(given), kind, version);
}

/** `value` as an object of the kind that the path names. What it may omit is filled in. */
function checkTypes(value: unknown, kind: string, apiVersion: string): KubernetesObject {
  const wrong = (field: string, message: string) => invalid(kind, '', [{ field, message }]);
  if (!isMap(value)) throw wrong('', 'must be an object');
  if (!isMap(value.metadata ?? {})) throw wrong('metadata', 'must be an object');
  if ((value.kind ?? kind) !== kind) throw wrong('kind', `must be ${kind}`);
  if ((value.apiVersion ?? apiVersion) !== apiVersion) throw wrong('apiVersion', `must be ${apiVersion}`);
  return value;
}

/** The `scale` subresource: a view of a StatefulSet, through which `kubectl scale` and the manager change its replicas. */
function scaleOf(object: Stored): KubernetesObject {
  const { metadata, spec, status } = object as StatefulSet;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  const selector = Object.entries(spec.selector.matchLabels).map(([key, value]) => `${key}=${value}`);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, ...(namespace && { namespace }), uid, resourceVersion, creationTimestamp },
    // A real server leaves a zero out.
    spec: spec.replicas === 0 ? {} : { replicas: spec.replicas },
    status: { replicas: status.replicas, selector: selector.join(',') },
  };
}

function applyScale(set: StatefulSet, scale: KubernetesObject): Stored {
  const { spec } = check('Scale', scale, set.metadata.name) as { spec: { replicas: number } };
  const { name, namespace, uid, resourceVersion } = scale.metadata ?? {};
  const metadata = { ...set.metadata, name, namespace, uid, resourceVersion } as Stored['metadata'];
  return { ...set, metadata, spec: { ...set.spec, replicas: spec.replicas } };
}

function deleteOptions(query: URLSearchParams, body: string, contentType: string): DeleteOptions {
  if (body !== '' && contentType !== '' && contentType !== 'application/json')
    throw unsupported(`the stand-in cluster reads JSON, and no ${contentType}`);
  const given = body === '' ? {} : parseJson(body);
  if (!isMap(given)) throw badRequest('the options must be an object');
  if (given.dryRun) throw badRequest('the stand-in cluster does not support dryRun');
  const seconds = given.gracePeriodSeconds ?? numberOf(query, 'gracePeriodSeconds');
  if (seconds !== undefined && !Number.isSafeInteger(seconds)) throw badRequest('gracePeriodSeconds must be a number');
  const policy = given.propagationPolicy ?? query.get('propagationPolicy');
  return {
    ...(typeof seconds === 'number' && { gracePeriodSeconds: seconds }),
    ...(typeof policy === 'string' && { propagationPolicy: policy }),
    ...(isMap(given.preconditions) && { preconditions: given.preconditions }),
  };
}
