// Each stored object is turned into JSON once, however many watches, lists and answers it goes into.

import type { Stored } from './objects.ts';
import { badRequest } from './status.ts';

const cache = new WeakMap<Stored, string>();

export function jsonOf(object: Stored): string {
  let text = cache.get(object);
  if (text === undefined) {
    text = JSON.stringify(object);
    cache.set(object, text);
  }
  return text;
}

/** As an item of a list: without kind and apiVersion, which the list has once for all. */
export const itemJson = (object: Stored): string =>
  `{${jsonOf(object).slice(`{"kind":"${object.kind}","apiVersion":"${object.apiVersion}",`.length)}`;

/** A copy that may be changed. */
export const copyOf = (object: Stored): Stored => JSON.parse(jsonOf(object));

/** Throws 400 for a text that is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badRequest(`the body is not JSON: ${(error as Error).message}`);
  }
}

/** `value` without the fields that are null, which mean the same as absent ones. */
export const withoutNulls = (value: object): Record<string, unknown> =>
  JSON.parse(JSON.stringify(value), (_key, one) => (one === null ? undefined : one));

export const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
