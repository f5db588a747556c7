// The kinds that are served. Routes, discovery and field selectors are made from this table.

export type Resource = {
  plural: string;
  kind: string;
  group: string;
  version: string;
  namespaced: boolean;
  shortNames: string[];
  /** Subresources. Only `status` and controllers write the status of a kind that has it. */
  subresources: string[];
  /** What a field selector may name besides metadata.name and metadata.namespace. */
  fields: string[];
};

const resource = (given: Partial<Resource> & Pick<Resource, 'plural' | 'kind'>): Resource => ({
  group: '',
  version: 'v1',
  namespaced: true,
  shortNames: [],
  subresources: [],
  fields: [],
  ...given,
});

const status = { subresources: ['status'] };

export const namespaces = resource({ plural: 'namespaces', kind: 'Namespace', namespaced: false, ...status });
export const nodes = resource({ plural: 'nodes', kind: 'Node', namespaced: false, shortNames: ['no'], ...status });
export const pods = resource({
  plural: 'pods',
  kind: 'Pod',
  shortNames: ['po'],
  subresources: ['status', 'log'],
  fields: ['spec.nodeName', 'status.phase'],
});
export const services = resource({ plural: 'services', kind: 'Service', shortNames: ['svc'], ...status });
export const ingresses = resource({
  plural: 'ingresses',
  kind: 'Ingress',
  group: 'networking.k8s.io',
  shortNames: ['ing'],
  ...status,
});
export const statefulSets = resource({
  plural: 'statefulsets',
  kind: 'StatefulSet',
  group: 'apps',
  shortNames: ['sts'],
  subresources: ['status', 'scale'],
});
export const leases = resource({ plural: 'leases', kind: 'Lease', group: 'coordination.k8s.io' });
export const events = resource({
  plural: 'events',
  kind: 'Event',
  shortNames: ['ev'],
  fields: [
    'reason',
    'type',
    ...['kind', 'apiVersion', 'namespace', 'name', 'uid', 'fieldPath'].map((key) => `involvedObject.${key}`),
  ],
});
export const configMaps = resource({ plural: 'configmaps', kind: 'ConfigMap', shortNames: ['cm'] });
export const resourceQuotas = resource({
  plural: 'resourcequotas',
  kind: 'ResourceQuota',
  shortNames: ['quota'],
  ...status,
});
export const secrets = resource({ plural: 'secrets', kind: 'Secret' });

/** Everything that is stored. A TokenReview is only created, and a Scale is a view of a StatefulSet. */
export const resources = [
  namespaces,
  nodes,
  pods,
  services,
  ingresses,
  statefulSets,
  leases,
  events,
  configMaps,
  resourceQuotas,
  secrets,
];

export const groupVersion = ({ group, version }: Pick<Resource, 'group' | 'version'>): string =>
  group === '' ? version : `${group}/${version}`;

export type Target = { resource: Resource; namespace?: string; name?: string; subresource?: string };

const byPath = new Map(resources.map((one) => [`${groupVersion(one)}/${one.plural}`, one]));

/**
 * What a request's path names; undefined when nothing of that name is served.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris
 */
export function parsePath(path: string): Target | undefined {
  const [, root, ...parts] = path.split('/');
  const version = root === 'api' ? parts.shift() : root === 'apis' ? `${parts.shift()}/${parts.shift()}` : undefined;
  const find = (plural: string | undefined) => byPath.get(`${version}/${plural}`);
  const namespaced = parts[0] === 'namespaces' && parts[2] !== undefined && find(parts[2])?.namespaced;
  const namespace = namespaced ? parts[1] : undefined;
  const [plural, name, subresource, ...rest] = namespaced ? parts.slice(2) : parts;
  const resource = find(plural);
  if (!resource || rest.length > 0 || (name !== undefined && resource.namespaced && !namespace)) return undefined;
  if (subresource !== undefined && !resource.subresources.includes(subresource)) return undefined;
  return { resource, ...(namespace && { namespace }), ...(name && { name }), ...(subresource && { subresource }) };
}
