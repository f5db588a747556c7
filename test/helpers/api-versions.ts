// Which APIs a release of Kubernetes serves. The official client library, generated from one release (1.4: Kubernetes 1.34),
// lists the current ones. The deprecation guide lists when each was added and removed:
// https://kubernetes.io/docs/reference/using-api/deprecation-guide/

import * as client from '@kubernetes/client-node';

/** An API version, or one of its kinds: the minor releases of Kubernetes 1 that add and remove it. */
type Change = { api: string; kind?: string; served?: number; deprecated?: number; removed?: number };

export const listed: Change[] = [
  { api: 'extensions/v1beta1', deprecated: 8, removed: 22 },
  { api: 'apps/v1beta1', deprecated: 8, removed: 16 },
  { api: 'apps/v1beta2', deprecated: 9, removed: 16 },
  { api: 'apiextensions.k8s.io/v1beta1', deprecated: 16, removed: 22 },
  { api: 'rbac.authorization.k8s.io/v1beta1', deprecated: 17, removed: 22 },
  { api: 'networking.k8s.io/v1beta1', kind: 'Ingress', deprecated: 19, removed: 22 },
  { api: 'networking.k8s.io/v1beta1', kind: 'IngressClass', deprecated: 19, removed: 22 },
  { api: 'coordination.k8s.io/v1beta1', kind: 'Lease', deprecated: 19, removed: 22 },
  { api: 'authentication.k8s.io/v1beta1', kind: 'TokenReview', deprecated: 19, removed: 22 },
  { api: 'batch/v1beta1', deprecated: 21, removed: 25 },
  { api: 'discovery.k8s.io/v1beta1', deprecated: 21, removed: 25 },
  { api: 'discovery.k8s.io/v1', served: 21 },
  { api: 'policy/v1beta1', deprecated: 21, removed: 25 },
  { api: 'policy/v1', served: 21 },
  { api: 'autoscaling/v2beta1', deprecated: 23, removed: 25 },
  { api: 'autoscaling/v2beta2', deprecated: 23, removed: 26 },
  { api: 'autoscaling/v2', served: 23 },
  { api: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy', served: 30 },
  { api: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicyBinding', served: 30 },
  { api: 'v1', kind: 'ComponentStatus', deprecated: 19 },
  { api: 'v1', kind: 'Endpoints', deprecated: 33 },
];

/** Groups of custom resources, which are not part of a Kubernetes release. */
const custom = new Set(['monitoring.coreos.com', 'gateway.networking.k8s.io']);

/** The problem with this API on Kubernetes 1.`minor`. Without `kind`, checks the whole API version. */
export function apiProblem(used: { apiVersion: string; kind: string | undefined; minor: number }): string | undefined {
  const { apiVersion, kind, minor } = used;
  const [group = ''] = apiVersion.includes('/') ? apiVersion.split('/') : [''];
  if (custom.has(group)) return undefined;
  const changes = listed.filter((change) => change.api === apiVersion && (change.kind ?? kind) === kind);
  for (const { api, kind: one = '', served = 0, deprecated, removed } of changes) {
    const name = `${api} ${one}`.trim();
    if (minor < served) return `${name} is served only from 1.${served} on`;
    if (removed !== undefined && minor >= removed) return `${name} is removed since 1.${removed}`;
    if (deprecated !== undefined && minor >= deprecated) return `${name} is deprecated since 1.${deprecated}`;
  }
  const gone = changes.some(({ removed }) => removed !== undefined);
  return gone || isKnown(apiVersion, kind) ? undefined : `${apiVersion} ${kind ?? ''} is unknown to the client library`;
}

/** Whether the client library knows the API: `rbac.authorization.k8s.io/v1` is its class RbacAuthorizationV1Api. */
export function isKnown(apiVersion: string, kind: string | undefined): boolean {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['core', apiVersion];
  const words = [...(group ?? '').replace(/\.k8s\.io$/, '').split('.'), version ?? ''];
  const name = `${words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')}Api`;
  const api = (client as unknown as Record<string, { prototype: object } | undefined>)[name]?.prototype;
  if (!api) return false;
  return kind === undefined || `createNamespaced${kind}` in api || `create${kind}` in api;
}
