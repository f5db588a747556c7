// JSON Patch (RFC 6902), JSON merge patch (RFC 7386) and the little of a strategic one that equals it, with the habits of a real API server: every way in which a
// JSON Patch can fail is the same 422, and `replace` may add a key to a
// map, and an absent key of a map passes a `test` for null.

import { applyPatch, type Operation, Pointer } from 'rfc6902';
import { isMap } from './json.ts';
import { ApiError, badRequest, patchRefused } from './status.ts';

export type Patch = (document: unknown) => unknown;

/** How to apply `body`; the function may change the document that it is given. Throws a Status when it cannot. */
export function readPatch(contentType: string, body: string): Patch | undefined {
  if (contentType === 'application/json-patch+json') return jsonPatch(body);
  if (contentType === 'application/merge-patch+json') return mergePatch(body);
  if (contentType === 'application/strategic-merge-patch+json' && isPlain(body)) return mergePatch(body);
  return undefined;
}

/** Whether a strategic merge patch says the same as a merge patch: without lists and directives, as that of `kubectl cordon`. */
const isPlain = (body: string): boolean => !/[[$]/.test(body);

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

function mergePatch(body: string): Patch {
  const patch = parse(body, () => new ApiError(500, undefined, 'Invalid JSON Patch'));
  if (!isMap(patch))
    throw new ApiError(422, 'Invalid', ` "" is invalid: patch: Invalid value: ${JSON.stringify(body)}`, {});
  return (document) => merge(document, patch);
}

function merge(target: unknown, patch: unknown): unknown {
  if (!isMap(patch)) return patch;
  const merged = new Map(isMap(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, merge(merged.get(key), value));
  }
  return Object.fromEntries(merged);
}

function parse(body: string, error: (message: string) => ApiError): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw error(cause instanceof Error ? cause.message : 'not JSON');
  }
}
