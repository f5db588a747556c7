// Lists: which objects, of which version, in pages. A page's continue token names a snapshot that is kept for a while;
// objects are immutable, so a snapshot is an array.

import { randomUUID } from 'node:crypto';
import type { Stored } from './objects.ts';
import { pods, type Resource } from './resources.ts';
import { parseFieldSelector, parseLabelSelector } from './selectors.ts';
import { badRequest, expired, forbidden, invalidObject, malformedNumber, versionTooLarge } from './status.ts';
import type { Store } from './store.ts';

export type Page = { revision: number; items: Stored[]; continue?: string; remaining?: number };

/** Whether an object is one of those asked for. */
export type Match = (object: Stored) => boolean;

const options = { ...pods, group: 'meta.k8s.io', kind: 'ListOptions' };

/** The test that a request's namespace, name and selectors make. Throws 400 for selectors that are none. */
export function matcher(resource: Resource, namespace: string | undefined, query: URLSearchParams): Match {
  const tests: Match[] = [];
  if (namespace !== undefined) tests.push(({ metadata }) => metadata.namespace === namespace);
  const [labels, fields] = [query.get('labelSelector'), query.get('fieldSelector')];
  if (labels) {
    const test = parseLabelSelector(labels);
    tests.push(({ metadata }) => test(metadata.labels ?? {}));
  }
  if (fields) tests.push(parseFieldSelector(resource, fields));
  return (object) => tests.every((test) => test(object));
}

/** The version that a request names: undefined when it names none. Throws 400 when it is no number. */
export function versionOf(query: URLSearchParams): number | undefined {
  const text = query.get('resourceVersion') ?? '';
  if (text === '') return undefined;
  if (!/^\d{1,15}$/.test(text)) {
    throw malformedNumber(text, `resourceVersion: Invalid value: ${JSON.stringify(text)}: `);
  }
  return Number(text);
}

/** A whole number in the query; 0 when absent. */
export function numberOf(query: URLSearchParams, name: string): number {
  const text = query.get(name) || '0';
  if (!/^-?\d{1,15}$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

/** Lists objects page by page; keeps at most `snapshots` unfinished lists, and forgets the oldest. */
export function createLister(store: Store, snapshots = 50) {
  const unfinished = new Map<string, { revision: number; items: Stored[] }>();

  return function list(resource: Resource, match: Match, namespace: string | undefined, query: URLSearchParams): Page {
    const limit = Math.max(0, numberOf(query, 'limit'));
    const token = query.get('continue');
    if (token) return resume(token, limit);
    checkVersion(query);
    const found = [...store.each(resource, namespace)].filter(match);
    return page(found.sort(byKey), store.revision, limit);
  };

  function page(items: Stored[], revision: number, limit: number): Page {
    if (limit === 0 || items.length <= limit) return { revision, items };
    const token = Buffer.from(randomUUID()).toString('base64url');
    unfinished.set(token, { revision, items: items.slice(limit) });
    for (const oldest of unfinished.keys()) {
      if (unfinished.size <= snapshots) break;
      unfinished.delete(oldest);
    }
    return { revision, items: items.slice(0, limit), continue: token, remaining: items.length - limit };
  }

  function resume(token: string, limit: number): Page {
    const snapshot = unfinished.get(token);
    if (snapshot) return page(snapshot.items, snapshot.revision, limit);
    if (!/^[0-9a-f-]{36}$/.test(Buffer.from(token, 'base64url').toString())) {
      throw badRequest('invalid continue token: continue key is not valid: illegal base64 data');
    }
    throw expired(
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.',
    );
  }

  function checkVersion(query: URLSearchParams): void {
    const version = versionOf(query);
    const match = query.get('resourceVersionMatch');
    if (match && version === undefined) {
      const why = 'resourceVersionMatch is forbidden unless resourceVersion is provided';
      throw invalidObject(options, '', [forbidden('resourceVersionMatch', why)]);
    }
    if (version === undefined) return;
    if (version > store.revision) throw versionTooLarge(version, store.revision);
    if (match === 'Exact' && version !== store.revision) {
      throw expired('The resourceVersion for the provided list is too old.');
    }
  }
}

const keyOf = ({ metadata: { namespace = '', name } }: Stored) => `${namespace}/${name}`;
const byKey = (a: Stored, b: Stored) => (keyOf(a) < keyOf(b) ? -1 : 1);
