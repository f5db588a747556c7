// JSON Patch (RFC 6902), JSON merge patch (RFC 7386) and strategic merge patch, with the habits of a real API server: every way
// in which a JSON Patch can fail is the same 422, and `replace` may add a key to a map, and an absent key of a map passes a
// `test` for null. https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-apply

import { applyPatch, type Operation, Pointer } from 'rfc6902';
import { isMap } from './json.ts';
import { ApiError, badRequest, patchRefused, unsupportedPatch } from './status.ts';

export type Patch = (document: unknown) => unknown;

/** How to apply `body`; the function may change the document that it is given. Throws a Status when it cannot. */
export function readPatch(contentType: string, body: string): Patch | undefined {
  if (contentType === 'application/json-patch+json') return jsonPatch(body);
  if (contentType === 'application/merge-patch+json') return mergePatch(body);
  if (contentType === 'application/strategic-merge-patch+json') return mergePatch(body, mergeStrategic);
  return undefined;
}

function jsonPatch(body: string): Patch {
  const operations = parse(body, (message) => badRequest(message));
  if (!Array.isArray(operations)) {
    throw badRequest('json: cannot unmarshal object into Go value of type jsonpatch.Patch');
  }
  if (operations.length > 10_000) throw new ApiError(413, 'RequestEntityTooLarge', 'too many operations in the patch');
  return (document) => {
    for (const operation of operations) {
      if (!isMap(operation) || typeof operation.path !== 'string') throw patchRefused();
      apply(document, operation as unknown as Operation);
    }
    return document;
  };
}

// The library leaves these steps out of a path, and would write somewhere else.
const skipped = /\/(__proto__|constructor|prototype)(\/|$)/;

function apply(document: unknown, operation: Operation): void {
  if (skipped.test(operation.path) || ('from' in operation && skipped.test(operation.from))) throw patchRefused();
  try {
    const target = Pointer.fromJSON(operation.path).evaluate(document);
    const absent = target.value === undefined && isMap(target.parent);
    if (absent && operation.op === 'test' && operation.value === null) return;
    const adds = absent && operation.op === 'replace';
    const [error] = applyPatch(document, [adds ? { ...operation, op: 'add' } : operation]);
    if (error) throw error;
  } catch {
    throw patchRefused();
  }
}

function mergePatch(body: string, merge = mergePlain): Patch {
  const patch = parse(body, () => badRequest('Invalid JSON Patch'));
  if (!isMap(patch))
    throw new ApiError(422, 'Invalid', ` "" is invalid: patch: Invalid value: ${JSON.stringify(body)}`, {});
  return (document) => merge(document, patch);
}

function mergePlain(target: unknown, patch: unknown): unknown {
  return isMap(patch) ? mergeMap(target, patch, mergePlain) : patch;
}

type Merge = (target: unknown, patch: unknown, field: string) => unknown;

function mergeMap(target: unknown, patch: Record<string, unknown>, merge: Merge): object {
  const merged = new Map(isMap(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, merge(merged.get(key), value, key));
  }
  return Object.fromEntries(merged);
}

/** The fields that identify an element of a list. A patch replaces every other list as a whole. */
const mergeKeys: Record<string, string[]> = {
  ...{ containers: ['name'], initContainers: ['name'], env: ['name'], volumes: ['name'], volumeMounts: ['mountPath'] },
  ...{ ports: ['containerPort', 'port'], conditions: ['type'], addresses: ['type'], ownerReferences: ['uid'] },
};

function mergeStrategic(target: unknown, patch: unknown, field = ''): unknown {
  if (isMap(patch)) {
    const kept = Object.entries(patch).filter(([key]) => !key.startsWith('$setElementOrder/') && key !== '$retainKeys');
    const directive = kept.find(([key]) => key.startsWith('$'))?.[0];
    if (directive) throw unsupportedPatch(`the stand-in cluster does not know the directive ${directive}`);
    const retained = patch.$retainKeys as string[] | undefined;
    const before = isMap(target) ? Object.entries(target).filter(([key]) => retained?.includes(key) ?? true) : [];
    return mergeMap(Object.fromEntries(before), Object.fromEntries(kept), mergeStrategic);
  }
  const elements = Array.isArray(patch) ? patch.filter(isMap) : [];
  const key = mergeKeys[field]?.find((each) => elements.every((element) => each in element));
  if (key === undefined || elements.length === 0) return patch;
  const merged = new Map((Array.isArray(target) ? target.filter(isMap) : []).map((element) => [element[key], element]));
  for (const element of elements) {
    if (element.$patch === 'delete') merged.delete(element[key]);
    else merged.set(element[key], mergeStrategic(merged.get(element[key]), element) as Record<string, unknown>);
  }
  return [...merged.values()];
}

function parse(body: string, error: (message: string) => ApiError): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw error(cause instanceof Error ? cause.message : 'not JSON');
  }
}
