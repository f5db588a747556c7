// Selectors and the other parameters of lists and watches.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#api

import type { Labels, Stored } from './objects.ts';
import type { Resource } from './resources.ts';
import { badRequest } from './status.ts';

export type Match = (object: Stored) => boolean;

/** The test that a request's namespace, name and selectors make. Throws 400 for a selector that cannot be read. */
export function matcher(resource: Resource, namespace: string | undefined, query: URLSearchParams): Match {
  const labelsMatch = parseLabelSelector(query.get('labelSelector') ?? '');
  const fieldsMatch = parseFieldSelector(resource, query.get('fieldSelector') ?? '');
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    labelsMatch(object.metadata.labels ?? {}) &&
    fieldsMatch(object);
}

/** A whole number in the query; undefined when it is absent. Throws 400 when it is no number. */
export function numberOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (!text) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw badRequest(`${name} must be a whole number, not ${JSON.stringify(text)}`);
  return Number(text);
}

const term =
  /^\s*(?:(?<not>!)\s*(?<absent>[^\s!=<>,()]+)|(?<key>[^\s!=<>,()]+)(?:\s*(?<equals>==?|!=)\s*(?<value>[^\s!=<>,()]*)|\s+(?<set>in|notin)\s*\((?<values>[^()]*)\))?)\s*(?:,|$)/;

/** The test for `a=b,c!=d,e in (f,g),h notin (i),j,!k`. Throws 400 for anything else. */
export function parseLabelSelector(text: string): (labels: Labels) => boolean {
  const tests: ((labels: Labels) => boolean)[] = [];
  let rest = text;
  while (rest.trim() !== '') {
    const match = term.exec(rest);
    if (!match?.groups) throw badRequest(`the label selector cannot be read from "${rest.trim()}" on`);
    const { absent, key = '', equals, value = '', set, values = '' } = match.groups;
    const wanted = set ? values.split(',').map((one) => one.trim()) : [value];
    const isIn = (labels: Labels) => Object.hasOwn(labels, key) && wanted.includes(labels[key]!);
    if (absent !== undefined) tests.push((labels) => !Object.hasOwn(labels, absent));
    else if (!set && !equals) tests.push((labels) => Object.hasOwn(labels, key));
    else if (set === 'notin' || equals === '!=') tests.push((labels) => !isIn(labels));
    else tests.push(isIn);
    rest = rest.slice(match[0].length);
  }
  return (labels) => tests.every((test) => test(labels));
}

/** The test for `metadata.name=a,spec.nodeName!=b`. Throws 400 for a field by which `resource` cannot be selected. */
export function parseFieldSelector(resource: Resource, text: string): Match {
  const known = ['metadata.name', 'metadata.namespace', ...resource.fields];
  const tests = text
    .split(',')
    .filter((one) => one !== '')
    .map((one) => {
      const [, field = '', operator, value] = /^(.*?)(!=|==|=)(.*)$/.exec(one) ?? [];
      if (!known.includes(field)) throw badRequest(`field label not supported: ${field || one}`);
      return (object: Stored) => (read(object, field) === value) !== (operator === '!=');
    });
  return (object) => tests.every((test) => test(object));
}

function read(object: Stored, field: string): string {
  let value: unknown = object;
  for (const key of field.split('.')) value = (value as Record<string, unknown> | undefined)?.[key];
  return String(value ?? '');
}
