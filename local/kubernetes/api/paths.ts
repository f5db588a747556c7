// From a request's path to what it names. https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris

import { type Resource, resources } from './resources.ts';

export type Target = { resource: Resource; namespace?: string; name?: string; subresource?: string };

const byPath = new Map(resources.map((one) => [`${one.group}/${one.version}/${one.plural}`, one]));
const subresources = (resource: Resource): string[] => [
  ...(resource.status ? ['status'] : []),
  ...({ pods: ['log'], statefulsets: ['scale'] }[resource.plural] ?? []),
];

/** Undefined when nothing of that name is served. */
export function parsePath(path: string): Target | undefined {
  const [, root, ...parts] = path.split('/').map(decode);
  const [group, version] = root === 'api' ? ['', parts.shift()] : root === 'apis' ? [parts.shift(), parts.shift()] : [];
  if (version === undefined) return undefined;
  const find = (plural: string | undefined) => byPath.get(`${group}/${version}/${plural}`);
  const [first, second, third] = parts;
  const inNamespace = first === 'namespaces' && second && third && find(third)?.namespaced;
  const resource = find(inNamespace ? third : first);
  const [name, subresource, ...rest] = inNamespace ? parts.slice(3) : parts.slice(1);
  if (!resource || rest.length > 0) return undefined;
  if (resource.namespaced && !inNamespace && name !== undefined) return undefined;
  if (subresource !== undefined && !subresources(resource).includes(subresource)) return undefined;
  return {
    resource,
    ...(inNamespace && { namespace: second }),
    ...(name && { name }),
    ...(subresource && { subresource }),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
