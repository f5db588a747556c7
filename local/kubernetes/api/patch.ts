// JSON Patch (RFC 6902), JSON merge patch (RFC 7386), and strategic merge patch as far as it is the same as a merge patch. As a real
// API server does, `replace` may add a key to a map, and an absent key passes a `test` for null.

import { applyPatch, type Operation, Pointer } from 'rfc6902';
import { isMap, parseJson } from './json.ts';
import { badRequest, patchRefused, unsupported } from './status.ts';

/** Returns the patched document. It may change the document that it is given. Throws 422 when the patch does not apply. */
export type Patch = (document: unknown) => unknown;

/** Throws 400 for a body that is no patch, 415 for a type of patch that is not known. */
export function readPatch(contentType: string, body: string): Patch {
  const patch = parseJson(body);
  if (contentType === 'application/json-patch+json') {
    if (!Array.isArray(patch)) throw badRequest('a JSON Patch must be a list');
    return (document) => {
      for (const operation of patch) apply(document, operation);
      return document;
    };
  }
  const isStrategic = contentType === 'application/strategic-merge-patch+json';
  if (!isStrategic && contentType !== 'application/merge-patch+json')
    throw unsupported(`patches of type ${contentType} are not known`);
  if (!isMap(patch)) throw badRequest('a merge patch must be an object');
  if (isStrategic) refuseLists(patch);
  return (document) => merge(document, patch);
}

// rfc6902 skips these steps of a path, and would write to another place.
const skipped = /\/(__proto__|constructor|prototype)(\/|$)/;

function apply(document: unknown, operation: unknown): void {
  try {
    const { op, path, from = '', value } = operation as { op: string; path: string; from?: string; value?: unknown };
    if (skipped.test(path) || skipped.test(from)) throw patchRefused();
    const target = Pointer.fromJSON(path).evaluate(document);
    const absent = target.value === undefined && isMap(target.parent);
    if (absent && op === 'test' && value === null) return;
    const adds = absent && op === 'replace';
    const [error] = applyPatch(document, [{ ...(operation as Operation), ...(adds && { op: 'add' }) } as Operation]);
    if (error) throw error;
  } catch {
    throw patchRefused();
  }
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

/** A strategic merge patch merges the elements of lists by their keys. A merge patch would lose some. */
function refuseLists(patch: unknown): void {
  if (Array.isArray(patch)) throw unsupported('the stand-in cluster merges no lists; use kubectl patch --type=json');
  if (isMap(patch)) Object.values(patch).forEach(refuseLists);
}
