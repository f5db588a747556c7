// What clients ask before anything else: the version, and the kinds that are served. https://kubernetes.io/docs/concepts/overview/kubernetes-api/

import { groupVersion, type Resource, resources } from './resources.ts';

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

function entries({ plural, kind, namespaced, shortNames, subresources }: Resource): object[] {
  const subresource = (name: string) => ({
    name: `${plural}/${name}`,
    singularName: '',
    namespaced,
    verbs: ['get', ...(name === 'log' ? [] : ['patch', 'update'])],
    ...(name === 'scale' ? { group: 'autoscaling', version: 'v1', kind: 'Scale' } : { kind }),
  });
  const categories = { ...(['pods', 'services', 'statefulsets'].includes(plural) && { categories: ['all'] }) };
  const own = { name: plural, singularName: kind.toLowerCase(), namespaced, kind, verbs, shortNames, ...categories };
  return [own, ...subresources.map(subresource)];
}

const byVersion = new Map<string, object[]>();
for (const resource of resources) {
  const version = groupVersion(resource);
  byVersion.set(version, [...(byVersion.get(version) ?? []), ...entries(resource)]);
}
const review = { name: 'tokenreviews', singularName: '', namespaced: false, kind: 'TokenReview', verbs: ['create'] };
byVersion.set('authentication.k8s.io/v1', [review]);

const groups = [...byVersion.keys()]
  .filter((name) => name.includes('/'))
  .map((name) => {
    const version = { groupVersion: name, version: 'v1' };
    return { name: name.split('/')[0], versions: [version], preferredVersion: version };
  });

/** The release whose behaviour is followed. `kubectl version` prints it. */
export const gitVersion = 'v1.36.0+warmterm.local';
const documents: Record<string, object> = {
  '/version': { major: '1', minor: '36', gitVersion, platform: `linux/${process.arch}` },
  '/api': { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] },
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups },
};
for (const group of groups) documents[`/apis/${group.name}`] = { kind: 'APIGroup', apiVersion: 'v1', ...group };
for (const [version, list] of byVersion) {
  const path = `/${version.includes('/') ? 'apis' : 'api'}/${version}`;
  documents[path] = { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: version, resources: list };
}

/** The document at a discovery path, if there is one. */
export const discovery = (path: string): object | undefined =>
  Object.hasOwn(documents, path) ? documents[path] : undefined;
