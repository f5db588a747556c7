// What there is to ask for: /api, /apis, and each group's resources.

import { groupVersion, type Resource, resources } from './resources.ts';

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

type Entry = { name: string; kind: string; namespaced: boolean; verbs: string[]; [more: string]: unknown };

const entry = ({ plural, kind, namespaced, shortNames }: Resource): Entry => ({
  name: plural,
  singularName: kind.toLowerCase(),
  namespaced,
  kind,
  verbs,
  ...(shortNames.length > 0 && { shortNames }),
  ...(['pods', 'services', 'statefulsets'].includes(plural) && { categories: ['all'] }),
});

const sub = ({ plural, kind, namespaced }: Resource, name: string, more: object = {}): Entry => ({
  name: `${plural}/${name}`,
  singularName: '',
  namespaced,
  kind,
  verbs: ['get', 'patch', 'update'],
  ...more,
});

const entries = (resource: Resource): Entry[] => [
  entry(resource),
  ...(resource.status ? [sub(resource, 'status')] : []),
  ...(resource.plural === 'pods' ? [sub(resource, 'log', { verbs: ['get'] })] : []),
  ...(resource.plural === 'statefulsets'
    ? [sub(resource, 'scale', { group: 'autoscaling', version: 'v1', kind: 'Scale' })]
    : []),
];

const reviews: Entry = {
  name: 'tokenreviews',
  singularName: '',
  namespaced: false,
  kind: 'TokenReview',
  verbs: ['create'],
};

const groups = new Map<string, Entry[]>();
for (const resource of resources) {
  const name = groupVersion(resource);
  groups.set(name, [...(groups.get(name) ?? []), ...entries(resource)]);
}
groups.set('authentication.k8s.io/v1', [reviews]);

const group = (name: string) => {
  const [group = ''] = name.split('/');
  const version = { groupVersion: name, version: 'v1' };
  return { name: group, versions: [version], preferredVersion: version };
};
const named = [...groups.keys()].filter((name) => name.includes('/')).map(group);

// The version whose habits are followed; `kubectl version` prints it, and clients compare theirs with it.
const version = {
  major: '1',
  minor: '36',
  gitVersion: 'v1.36.0+warmterm.local',
  gitCommit: '',
  gitTreeState: '',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: '',
  platform: `linux/${process.arch}`,
};
export const kubeletVersion = version.gitVersion;

/** The document at a discovery path, if it is one. */
export function discovery(path: string): object | undefined {
  if (path === '/version') return version;
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
  if (path === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: named };
  const [, root, name = '', v, ...rest] = path.split('/');
  if (root === 'apis' && v === undefined) {
    const found = named.find((one) => one.name === name);
    return found && { kind: 'APIGroup', apiVersion: 'v1', ...found };
  }
  const wanted = root === 'apis' && rest.length === 0 ? `${name}/${v}` : root === 'api' && v === undefined ? name : '';
  const found = groups.get(wanted);
  return found && { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: wanted, resources: found };
}
