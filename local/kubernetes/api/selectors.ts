// Label and field selectors: text → a test of an object.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#api

import type { LabelSelector, Labels, Stored } from './objects.ts';
import type { Resource } from './resources.ts';
import { badRequest } from './status.ts';

export type LabelTest = (labels: Labels) => boolean;

const part =
  /^\s*(?:(?<not>!)\s*(?<absent>[^\s!=<>,()]+)|(?<key>[^\s!=<>,()]+)(?:\s*(?<operator>==?|!=)\s*(?<value>[^\s!=<>,()]*)|\s+(?<set>in|notin)\s*\((?<values>[^()]*)\))?)\s*(?:,|$)/;

/** What `a=b,c!=d,e in (f,g),h notin (i),j,!k` asks for. Throws 400 when it is something else. */
export function parseLabelSelector(text: string): LabelTest {
  const tests: LabelTest[] = [];
  let rest = text;
  while (rest.trim() !== '') {
    const match = part.exec(rest);
    if (!match?.groups) throw badRequest(`unable to parse requirement: found '${rest.trim()}', expected: identifier`);
    const { absent, key = '', operator, value = '', set, values = '' } = match.groups;
    if (absent !== undefined) tests.push(requirement(absent, 'DoesNotExist'));
    else if (set)
      tests.push(
        requirement(
          key,
          set === 'in' ? 'In' : 'NotIn',
          values.split(',').map((one) => one.trim()),
        ),
      );
    else if (operator === undefined) tests.push(requirement(key, 'Exists'));
    else tests.push(requirement(key, operator === '!=' ? 'NotIn' : 'In', [value]));
    rest = rest.slice(match[0].length);
  }
  return (labels) => tests.every((test) => test(labels));
}

/** A selector as objects write it. */
export function labelSelector({ matchLabels = {}, matchExpressions = [] }: LabelSelector): LabelTest {
  const tests = [
    ...Object.entries(matchLabels).map(([key, value]) => requirement(key, 'In', [value])),
    ...matchExpressions.map(({ key, operator, values }) => requirement(key, operator, values)),
  ];
  return (labels) => tests.every((test) => test(labels));
}

function requirement(key: string, operator: string, values: string[] = []): LabelTest {
  const has = (labels: Labels) => Object.hasOwn(labels, key);
  if (operator === 'Exists') return has;
  if (operator === 'DoesNotExist') return (labels) => !has(labels);
  const wanted = new Set(values);
  if (operator === 'In') return (labels) => has(labels) && wanted.has(labels[key]!);
  if (operator === 'NotIn') return (labels) => !has(labels) || !wanted.has(labels[key]!);
  throw badRequest(`"${operator}" is not a valid pod selector operator`);
}

/** What `metadata.name=a,spec.nodeName!=b` asks for. Throws 400 for what `resource` cannot be selected by. */
export function parseFieldSelector(resource: Resource, text: string): (object: Stored) => boolean {
  const tests = text
    .split(',')
    .filter((term) => term !== '')
    .map((term) => {
      const match = /^(.*?)(!=|==|=)(.*)$/.exec(term);
      if (!match) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
      const [, field = '', operator, value] = match;
      const read = fieldOf(resource, field);
      return (object: Stored) => (read(object) === value) !== (operator === '!=');
    });
  return (object) => tests.every((test) => test(object));
}

function fieldOf(resource: Resource, field: string): (object: Stored) => string {
  if (field === 'metadata.name') return ({ metadata }) => metadata.name;
  if (field === 'metadata.namespace' && resource.namespaced) return ({ metadata }) => metadata.namespace ?? '';
  const read = Object.hasOwn(resource.fields, field) ? resource.fields[field] : undefined;
  if (!read) throw badRequest(`field label not supported: ${field}`);
  return read;
}
