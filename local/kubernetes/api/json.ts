// Each stored object is turned into JSON once, however many watches, lists and answers it goes into.

import type { Stored } from './objects.ts';

const cache = new WeakMap<Stored, string>();

export function jsonOf(object: Stored): string {
  let text = cache.get(object);
  if (text === undefined) {
    text = JSON.stringify(object);
    cache.set(object, text);
  }
  return text;
}

/** As an item of a list: without kind and apiVersion, which the list names for all. */
export const itemJson = (object: Stored): string =>
  `{${jsonOf(object).slice(`{"kind":"${object.kind}","apiVersion":"${object.apiVersion}",`.length)}`;

/** A copy that may be changed. */
export const copyOf = (object: Stored): Stored => JSON.parse(jsonOf(object));

export const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
