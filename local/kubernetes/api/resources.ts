// The kinds that are served: one table, from which routes, discovery, selectors and messages are made.

import type { Stored } from './objects.ts';

export type Resource = {
  plural: string;
  kind: string;
  group: string;
  version: string;
  namespaced: boolean;
  shortNames: string[];
  /** Has a status that only `/status` and controllers write. */
  status: boolean;
  /** A PUT without a resourceVersion overwrites whatever there is. */
  unconditionalUpdate: boolean;
  /** A PUT to a name that is not there creates the object. */
  createOnUpdate: boolean;
  /** What a field selector may ask for, besides metadata.name and metadata.namespace. */
  fields: Record<string, (object: Stored) => string>;
};

const at =
  (...path: string[]) =>
  (object: Stored): string => {
    let value: unknown = object;
    for (const key of path) value = (value as Record<string, unknown> | undefined)?.[key];
    return value === undefined || value === null ? '' : String(value);
  };
const fields = (...names: string[]) => Object.fromEntries(names.map((name) => [name, at(...name.split('.'))]));

const resource = (given: Partial<Resource> & Pick<Resource, 'plural' | 'kind'>): Resource => ({
  group: '',
  version: 'v1',
  namespaced: true,
  shortNames: [],
  status: false,
  unconditionalUpdate: true,
  createOnUpdate: false,
  fields: {},
  ...given,
});

export const namespaces = resource({
  plural: 'namespaces',
  kind: 'Namespace',
  namespaced: false,
  shortNames: ['ns'],
  status: true,
  fields: fields('status.phase'),
});
export const nodes = resource({
  plural: 'nodes',
  kind: 'Node',
  namespaced: false,
  shortNames: ['no'],
  status: true,
  fields: fields('spec.unschedulable'),
});
export const pods = resource({
  plural: 'pods',
  kind: 'Pod',
  shortNames: ['po'],
  status: true,
  fields: fields(
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'status.phase',
    'status.podIP',
  ),
});
export const services = resource({ plural: 'services', kind: 'Service', shortNames: ['svc'], status: true });
export const ingresses = resource({
  plural: 'ingresses',
  kind: 'Ingress',
  group: 'networking.k8s.io',
  shortNames: ['ing'],
  status: true,
});
export const statefulSets = resource({
  plural: 'statefulsets',
  kind: 'StatefulSet',
  group: 'apps',
  shortNames: ['sts'],
  status: true,
});
export const leases = resource({
  plural: 'leases',
  kind: 'Lease',
  group: 'coordination.k8s.io',
  unconditionalUpdate: false,
  createOnUpdate: true,
});
export const events = resource({
  plural: 'events',
  kind: 'Event',
  shortNames: ['ev'],
  fields: {
    ...fields('reason', 'type', 'reportingComponent'),
    ...fields(...['kind', 'namespace', 'name', 'uid', 'apiVersion', 'fieldPath'].map((f) => `involvedObject.${f}`)),
    'involvedObject.resourceVersion': at('involvedObject', 'resourceVersion'),
    source: at('source', 'component'),
  },
});
export const configMaps = resource({ plural: 'configmaps', kind: 'ConfigMap', shortNames: ['cm'] });
export const resourceQuotas = resource({
  plural: 'resourcequotas',
  kind: 'ResourceQuota',
  shortNames: ['quota'],
  status: true,
});
export const secrets = resource({ plural: 'secrets', kind: 'Secret', fields: fields('type') });

/** Everything that is stored. TokenReview is only ever created, and Scale is a view of a StatefulSet. */
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
